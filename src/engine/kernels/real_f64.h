// The names by which a kernel template (a file *_impl.h, included once for each float type) speaks of
// float64.
#undef real
#undef vec
#undef uvec
#undef ivec
#undef lane
#undef T
#undef VL
#define real    double
#define vec     nn_vf64
#define uvec    nn_uvf64
#define ivec    nn_vi64
#define lane int64_t
#define T(name) name##_f64
#define VL      ((int64_t)(NN_VBYTES / sizeof(double)))
