"""Networks, recipes, distortions, the loop, and the run folder it leaves behind.

The only room where Keras is; it is imported when a training starts, not before.
"""

from digit_classifier.training.config import TrainConfig
from digit_classifier.training.run import Listener, Run
from digit_classifier.training.session import resume, train

__all__ = ["Listener", "Run", "TrainConfig", "resume", "train"]
