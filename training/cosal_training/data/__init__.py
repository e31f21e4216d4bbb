"""Groups of photographs with masks, and composites that make a group hard."""

from .catalogue import Catalogue, Photograph
from .folders import DataError
from .group_dataset import GroupBatch, GroupDataset, SamplingConfig
from .neighbours import nearest_classes

__all__ = ["Catalogue", "DataError", "GroupBatch", "GroupDataset", "Photograph", "SamplingConfig", "nearest_classes"]
