"""What advice is worth: the regret of the loss that a policy names, beside the best loss there was."""
