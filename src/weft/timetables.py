"""Schedules as objects, under one public name."""

from weft.define.timetables import AssetOrTime as AssetOrTime
from weft.define.timetables import Blackout as Blackout
from weft.define.timetables import CronTrigger as CronTrigger
from weft.define.timetables import DeltaTrigger as DeltaTrigger
from weft.define.timetables import EventsTimetable as EventsTimetable
from weft.define.timetables import RRule as RRule
from weft.define.timetables import Sessions as Sessions
