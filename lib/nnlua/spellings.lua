-- What other libraries (Keras, Torch7, scikit-learn, JAX's) call options, for the error about an unknown one. Knows no
-- function: a name counts only where the function at hand has the option that it stands for.

local spellings = {}

-- Ours, then what others say, without case and underscores.
local known = {
  lr = "learningrate lrate eta alpha stepsize eta0 learningrateinit",
  betas = "beta1 beta2 momentum",
  weight_decay = "wd l2 decay l2reg weightdecayrate regularization",
  eps = "epsilon tol",
  alpha = "rho smoothing",
  momentum = "beta momentumdecay",
  lr_decay = "learningratedecay",
  nesterov = "usenesterov",
  amsgrad = "useamsgrad",
  T_max = "tmax decaysteps maxsteps",
  gamma = "decayrate factor lrgamma",
  step_size = "stepsize decaysteps",
  epochs = "nepochs numepochs nbepoch maxepochs maxepoch maxiter maxiteration niter",
  batch_size = "bs minibatchsize minibatch samplespergpu",
  shuffle = "random randomize",
  num_workers = "workers njobs nworkers nthreads threads",
  drop_last = "dropremainder",
  seed = "randomstate rngseed",
  generator = "randomstate rng key prngkey",
  kernel_size = "kernel ksize filtersize kernelshape poolsize windowsize windowshape kw kh window size",
  out_channels = "filters nfilters numfilters nout outplanes noutputplane outch outputchannels features channels",
  in_channels = "inplanes ninputplane inch inputchannels nin channels",
  out_features = "units outputsize nout noutputs outputdim outsize outdim features outputs",
  in_features = "inputsize nin ninputs inputdim insize indim inputs",
  hidden_size = "units hiddendim nhidden hidden outputsize nhid features",
  input_size = "inputdim nin ninp features indim",
  num_layers = "nlayers layers depth nlayer",
  num_embeddings = "inputdim vocabsize vocab nindex ntoken numtokens",
  embedding_dim = "outputdim embeddim embeddingsize embedsize dim dmodel noutput features",
  embed_dim = "dmodel keydim embeddingdim hiddensize dim qkvfeatures",
  num_heads = "nhead nheads heads numattentionheads",
  nhead = "numheads nheads heads numattentionheads",
  d_model = "embeddim hiddensize dmodel dim",
  dim_feedforward = "dff intermediatesize ffndim mlpdim hiddensize",
  stride = "strides step windowstrides dw dh subsample",
  padding = "pad padw padh bordermode pads",
  dilation = "dilationrate kerneldilation rhsdilation dilationw",
  groups = "featuregroupcount ngroups ngroup",
  num_groups = "groups ngroups",
  num_features = "nfeatures features noutput channels",
  bias = "usebias hasbias fitintercept nobias withbias",
  bidirectional = "bidir",
  batch_first = "batchfirst timemajor",
  dropout = "dropoutrate rate prob keepprob p recurrentdropout",
  p = "rate dropoutrate prob dropout keepprob ratio",
  affine = "scale center useaffine learnable elementwiseaffine",
  elementwise_affine = "affine scale center",
  negative_slope = "alpha slope negativeslope negval",
  size = "outputsize targetsize",
  scale_factor = "scale factor zoom",
  output_size = "size targetsize outputshape",
  mode = "method interpolation",
  reduction = "sizeaverage reduce",
  weight = "classweight classweights sampleweight weights",
  pos_weight = "positiveweight",
  ignore_index = "ignore maskvalue padid",
  label_smoothing = "smoothing",
  margin = "gap",
  correction = "ddof unbiased",
  dim = "axis axes dimension",
  keepdim = "keepdims keepdimension",
  loss = "criterion lossfn lossfunction lossfunc objective",
  optimizer = "optim opt optimiser optimmethod solver",
  val = "validationdata valdata validation valloader validationset valid evalset test",
  metrics = "metric scoring",
  scheduler = "lrscheduler lrschedule schedule",
  callback = "callbacks hook",
  patience = "earlystopping niternochange earlystoppingrounds",
  checkpoint = "checkpointpath savepath modelcheckpoint savedir",
  clip_grad_norm = "clipnorm gradclip maxgradnorm gradientclipval clipgrad",
  clip_grad_value = "clipvalue gradclipvalue",
  accumulate = "gradientaccumulationsteps accumulationsteps accumulategradbatches",
  quiet = "verbose silent progressbar",
  log = "logfile logdir csvlogger",
  file = "filename path saveto savefig output out",
  title = "caption name",
  xlabel = "xaxis xtitle",
  ylabel = "yaxis ytitle",
  requires_grad = "trainable grad requiresgrad",
  dtype = "type datatype",
  separator = "sep delimiter delim",
  header = "headers columns names",
  max_bytes = "maxsize limit",
}

local function plain(name) return (name:lower():gsub("[_%-]", "")) end

--- The name among `names` for which another library says `name`, nil when none is.
function spellings.of(name, names)
  if type(name) ~= "string" then return nil end
  local said = plain(name)
  for _, ours in ipairs(names) do
    if plain(ours) == said then return ours end
  end
  for _, ours in ipairs(names) do
    if known[ours] and (" " .. known[ours] .. " "):find(" " .. said .. " ", 1, true) then return ours end
  end
end

return spellings
