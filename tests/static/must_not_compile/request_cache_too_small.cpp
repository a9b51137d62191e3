// expect: memory_request_cache<N>: a request has 32 places, so N is 32 at least
#include <kerb/store/request_cache.hpp>

#ifdef KERB_FIXED
kerb::memory_request_cache<32> store;
#else
kerb::memory_request_cache<31> store;
#endif
