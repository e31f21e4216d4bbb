"""Groups of photographs with masks, and composites that make a group hard."""

from .batch import GroupBatch
from .catalogue import Catalogue, Photograph
from .folders import DataError
from .group_dataset import GroupDataset
from .neighbours import nearest_classes
from .sampling import SamplingConfig

__all__ = ["Catalogue", "DataError", "GroupBatch", "GroupDataset", "Photograph", "SamplingConfig", "nearest_classes"]
