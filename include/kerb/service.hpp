// The service's exchanges, without a crypto backend.
#pragma once
#include "exchange/protect/session.hpp"
#include "exchange/service/accept.hpp"
#include "exchange/service/ap.hpp"
#include "exchange/service/keys.hpp"
#include "exchange/service/kpasswd.hpp"
#include "exchange/transited.hpp"
#include "format/keytab.hpp"
#include "format/principal.hpp"
#include "store/replay_cache.hpp"
#include "transport/stream.hpp"
