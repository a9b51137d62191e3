// expect: memory_replay_cache<N>: an authenticator has 32 places, so N is 32 at least
#include <kerb/store/replay_cache.hpp>

#ifdef KERB_FIXED
kerb::memory_replay_cache<32> store;
#else
kerb::memory_replay_cache<31> store;
#endif
