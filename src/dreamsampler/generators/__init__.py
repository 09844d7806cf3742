"""What a prior can steer: parameters psi and a differentiable map from them to an image."""
