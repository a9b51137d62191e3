// expect: memory_request_store<N>: a request has 32 places, so N is 32 at least
#include <kerb/store/request_store.hpp>

#ifdef KERB_FIXED
kerb::memory_request_store<32> store;
#else
kerb::memory_request_store<31> store;
#endif
