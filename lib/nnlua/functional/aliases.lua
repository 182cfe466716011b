-- Names of functions of F that stand in `tensor` as well, as PyTorch has them in torch with the same arguments.
-- Data only.

return {
  "alpha_dropout", "celu", "celu_", "channel_shuffle", "conv_tbc", "cosine_similarity", "feature_alpha_dropout",
  "group_norm", "hardshrink", "native_channel_shuffle", "pairwise_distance", "pdist", "pixel_shuffle",
  "pixel_unshuffle", "prelu", "rms_norm", "rrelu", "rrelu_",
}
