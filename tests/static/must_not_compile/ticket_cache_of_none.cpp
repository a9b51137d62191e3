// expect: ticket_cache<Key, N, Octets>: N tickets, at least 1
#include <kerb/exchange/ticket_cache.hpp>
#include <kerb/testing/insecure.hpp>

#ifdef KERB_FIXED
kerb::ticket_cache<kerb::key, 1> cache;
#else
kerb::ticket_cache<kerb::key, 0> cache;
#endif
