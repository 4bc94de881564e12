@echo off
rem Starts Tillstream and opens it in the browser. The first time it fetches its packages, into .venv beside this file.
setlocal
cd /d "%~dp0"

if exist .venv\Scripts\tillstream.exe goto start
set "SUPPORTED=import sys; sys.exit(not (3, 11, 2) <= sys.version_info[:3] < (3, 15))"
set PYTHON=
for %%v in (3.14 3.13 3.12 3.11) do if not defined PYTHON py -%%v -c "%SUPPORTED%" 2>nul && set PYTHON=py -%%v
if not defined PYTHON python -c "%SUPPORTED%" 2>nul && set PYTHON=python
if defined PYTHON goto install
echo Tillstream needs Python 3.11.2 or newer, up to 3.14. Get it from https://www.python.org/downloads/ and start this again.
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
