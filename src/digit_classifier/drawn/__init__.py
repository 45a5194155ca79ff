"""What the project draws itself: digits in other styles than MNIST's, and what is no digit."""
