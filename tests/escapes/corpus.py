"""All escapes."""

from engine import ENGINE
from files_and_network import FILES_AND_NETWORK
from machine import MACHINE
from other_tables import OTHER_TABLES
from written_values import WRITTEN_VALUES

ESCAPES = (*WRITTEN_VALUES, *FILES_AND_NETWORK, *ENGINE, *OTHER_TABLES, *MACHINE)
