// The names by which a kernel template (a file *_impl.h, included once for each float type) speaks of
// float32.
#undef real
#undef vec
#undef uvec
#undef ivec
#undef lane
#undef T
#undef VL
#define real    float
#define vec     nn_vf32
#define uvec    nn_uvf32
#define ivec    nn_vi32
#define lane int32_t
#define T(name) name##_f32
#define VL      ((int64_t)(NN_VBYTES / sizeof(float)))
