// All of kerb with the OpenSSL policy: for programs that already use OpenSSL, and for builds without exceptions.
#pragma once
#include "crypto/openssl.hpp"
#include "kerb.hpp"

namespace kerb::inline v0::openssl {
using key = policy::key;
using credential = basic_credential<key>;
using as_client = kerb::as_client<policy>;
using tgs_client = kerb::tgs_client<policy>;
using ap_initiator = kerb::ap_initiator<policy>;
using ap_acceptor = kerb::ap_acceptor<policy>;
using protected_session = kerb::protected_session<policy>;
using received_credentials = kerb::received_credentials<policy>;
using kdc = kerb::kdc<policy>;
}  // namespace kerb::inline v0::openssl
