// Keeps the engine's archive from being empty; it knows nothing.
typedef int nnlua_translation_unit_not_empty;
