// The client's exchanges, without a crypto backend.
#pragma once
#include "exchange/client/acquire.hpp"
#include "exchange/client/ap.hpp"
#include "exchange/client/as.hpp"
#include "exchange/client/kpasswd.hpp"
#include "exchange/client/tgs.hpp"
#include "exchange/drive.hpp"
#include "exchange/over_stream.hpp"
#include "exchange/protect/session.hpp"
#include "exchange/ticket_cache.hpp"
#include "format/ccache.hpp"
#include "format/principal.hpp"
