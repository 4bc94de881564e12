"""The program of a batch of Dataproc, in a folder of its own.

Python adds the folder of a program to its path, and the composition root has a package `google`.
"""
