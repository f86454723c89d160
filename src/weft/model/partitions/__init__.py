"""Definitions of partitions, what users type to select some, and mappings between two definitions.

Users see *keys* (`2024-01-05|AAPL`); sets of partitions are sets of *ordinals* (`partition_set.PartitionSet`), which
are valid beside the `fingerprint` of the definition that made them. `None` in place of a definition means not
partitioned: one partition, with the ordinal 0 and without a key.
"""

from __future__ import annotations

from weft.model.partition_set import PartitionSet as PartitionSet
from weft.model.partitions.crons import CronPartitions as CronPartitions
from weft.model.partitions.dates import DailyPartitions as DailyPartitions
from weft.model.partitions.dates import MonthlyPartitions as MonthlyPartitions
from weft.model.partitions.dates import WeeklyPartitions as WeeklyPartitions
from weft.model.partitions.dimension_mapping import DimensionMapping as DimensionMapping
from weft.model.partitions.dimension_mapping import DimensionPair as DimensionPair
from weft.model.partitions.equal import IntervalPartitions as IntervalPartitions
from weft.model.partitions.hours import HourlyPartitions as HourlyPartitions
from weft.model.partitions.keyed import DynamicPartitions as DynamicPartitions
from weft.model.partitions.keyed import StaticPartitions as StaticPartitions
from weft.model.partitions.mapping import AllMapping as AllMapping
from weft.model.partitions.mapping import IdentityMapping as IdentityMapping
from weft.model.partitions.mapping import LastMapping as LastMapping
from weft.model.partitions.mapping import SpecificMapping as SpecificMapping
from weft.model.partitions.mapping import StaticMapping as StaticMapping
from weft.model.partitions.mapping import default_mapping as default_mapping
from weft.model.partitions.mapping import mapping_from_snapshot as mapping_from_snapshot
from weft.model.partitions.multi import MultiPartitions as MultiPartitions
from weft.model.partitions.parse import parse_selection as parse_selection
from weft.model.partitions.protocol import DynamicKeys as DynamicKeys
from weft.model.partitions.protocol import Json as Json
from weft.model.partitions.protocol import Partitions as Partitions
from weft.model.partitions.protocol import PartitionsError as PartitionsError
from weft.model.partitions.protocol import TimeWindow as TimeWindow
from weft.model.partitions.protocol import UnknownPartitionError as UnknownPartitionError
from weft.model.partitions.protocol import UnresolvedPartitionsError as UnresolvedPartitionsError
from weft.model.partitions.relation import PartitionMapping as PartitionMapping
from weft.model.partitions.sessions import CalendarPartitions as CalendarPartitions
from weft.model.partitions.snapshots import from_snapshot as from_snapshot
from weft.model.partitions.time_mapping import TimeWindowMapping as TimeWindowMapping
from weft.model.partitions.windows import TimePartitions as TimePartitions
from weft.model.partitions.writing import write_selection as write_selection
