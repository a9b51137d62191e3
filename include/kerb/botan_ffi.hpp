// All of kerb with the policy for Botan's C interface: for programs without exceptions, or with another C++ library.
#pragma once
#include "crypto/botan_ffi.hpp"
#include "kerb.hpp"

namespace kerb::inline v0::botan_ffi {
using key = policy::key;
using credential = basic_credential<key>;
using as_client = kerb::as_client<policy>;
using credential_client = kerb::credential_client<policy>;
using tgs_client = kerb::tgs_client<policy>;
using ap_initiator = kerb::ap_initiator<policy>;
using ap_acceptor = kerb::ap_acceptor<policy>;
using protected_session = kerb::protected_session<policy>;
using received_credentials = kerb::received_credentials<policy>;
using kdc = kerb::kdc<policy>;
namespace gss {
using initiator = kerb::gss::initiator<policy>;
using acceptor = kerb::gss::acceptor<policy>;
using negotiate_initiator = kerb::gss::negotiate_initiator<policy>;
using negotiate_acceptor = kerb::gss::negotiate_acceptor<policy>;
using sasl_client = kerb::gss::sasl_client<policy>;
using sasl_server = kerb::gss::sasl_server<policy>;
using sasl_session = kerb::gss::sasl_session<policy>;
using context = kerb::gss::context<policy>;
}  // namespace gss
}  // namespace kerb::inline v0::botan_ffi
