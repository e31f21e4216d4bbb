"""Training, evaluation and export of co-salient object detection networks (GCoNet+, Zheng et al., TPAMI 2023)."""
