"""Every kind of partitions and every mapping between them, under one public name."""

from weft.model.partitions import AllMapping as AllMapping
from weft.model.partitions import CalendarPartitions as CalendarPartitions
from weft.model.partitions import CronPartitions as CronPartitions
from weft.model.partitions import DailyPartitions as DailyPartitions
from weft.model.partitions import DimensionMapping as DimensionMapping
from weft.model.partitions import DimensionPair as DimensionPair
from weft.model.partitions import DynamicPartitions as DynamicPartitions
from weft.model.partitions import HourlyPartitions as HourlyPartitions
from weft.model.partitions import IdentityMapping as IdentityMapping
from weft.model.partitions import LastMapping as LastMapping
from weft.model.partitions import MonthlyPartitions as MonthlyPartitions
from weft.model.partitions import MultiPartitions as MultiPartitions
from weft.model.partitions import PartitionMapping as PartitionMapping
from weft.model.partitions import Partitions as Partitions
from weft.model.partitions import SpecificMapping as SpecificMapping
from weft.model.partitions import StaticMapping as StaticMapping
from weft.model.partitions import StaticPartitions as StaticPartitions
from weft.model.partitions import TimeWindow as TimeWindow
from weft.model.partitions import TimeWindowMapping as TimeWindowMapping
from weft.model.partitions import UnknownPartitionError as UnknownPartitionError
from weft.model.partitions import WeeklyPartitions as WeeklyPartitions
