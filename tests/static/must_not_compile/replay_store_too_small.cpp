// expect: memory_replay_store<N>: an authenticator has 32 places, so N is 32 at least
#include <kerb/store/replay_store.hpp>

#ifdef KERB_FIXED
kerb::memory_replay_store<32> store;
#else
kerb::memory_replay_store<31> store;
#endif
