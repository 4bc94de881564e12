@echo off
rem Starts Tillstream and opens it in the browser. The first time it fetches its packages, into .venv beside this file.
setlocal
cd /d "%~dp0"

if exist .venv\Scripts\tillstream.exe goto start
set PYTHON=py -3
%PYTHON% -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>nul && goto install
set PYTHON=python
%PYTHON% -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>nul && goto install
echo Tillstream needs Python 3.11 or newer. Get it from https://www.python.org/downloads/ and start this again.
pause
exit /b 1

:install
echo Fetching the packages; this is done once.
%PYTHON% -m venv .venv || goto failed
.venv\Scripts\python -m pip install --quiet --disable-pip-version-check -r requirements.lock || goto failed
.venv\Scripts\python -m pip install --quiet --disable-pip-version-check --no-deps --editable . || goto failed

:start
.venv\Scripts\tillstream serve --open %*
if not errorlevel 1 exit /b 0

:failed
echo Tillstream could not start; the lines above say why.
pause
exit /b 1
