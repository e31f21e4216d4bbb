"""TensorBoard, for who wants it: `uv sync --extra tensorboard`, then `tensorboard --logdir RUN`."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

FOLDER = "tensorboard"


class Board:
    """Losses and validation of a run as TensorBoard scalars, in `RUN/tensorboard`.

    start: the step that the run goes on from; what an interrupted run wrote from there on is hidden. Raises
    ImportError, which says what to install.
    """

    def __init__(self, run: Path, start: int = 0) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as cause:
            raise ImportError(
                "TensorBoard is not installed: uv sync --project training --extra tensorboard"
            ) from cause
        self._writer = SummaryWriter(str(run / FOLDER), purge_step=start or None)

    def step(self, step: int, terms: dict[str, float], total: float, seconds: float) -> None:
        """Losses of one step, and its time in seconds."""
        self._writer.add_scalar("loss/total", total, step)
        for name, value in terms.items():
            self._writer.add_scalar(f"loss/{name}", value, step)
        self._writer.add_scalar("time/step", seconds, step)

    def validation(self, step: int, figures: dict[str, float]) -> None:
        """Figures of one validation, such as J by group."""
        for name, value in figures.items():
            self._writer.add_scalar(f"validation/{name}", value, step)

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
