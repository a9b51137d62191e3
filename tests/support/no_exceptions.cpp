// All headers, compiled with -fno-exceptions -fno-rtti.
#include "all_headers.hpp"

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this file is to be compiled with -fno-exceptions -fno-rtti"
#endif
