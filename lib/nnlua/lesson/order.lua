-- The lessons that come with nnlua, by family in the order of learning. Each has a file of its name in ../lessons.

return {
  {"Foundations", [[perceptron forward backprop autograd training-loop activations losses init vanishing clipping
    optimizers lr-schedule batch-size overfitting l1-l2 dropout batchnorm preprocessing cross-validation metrics
    imbalance]]},
  {"Vision", "convolution pooling resnet"},
  {"Sequences", "rnn lstm attention transformer"},
  {"Generative models", "autoencoder vae gan"},
}
