// kerb.hpp and the OpenSSL policy: for programs that already use OpenSSL, and for builds without exceptions.
#pragma once
#include "crypto/openssl.hpp"
#include "kerb.hpp"

namespace kerb::inline v0::openssl {
using key = policy::key;
using credential = basic_credential<key>;
template <std::size_t N = 4096>
using owned_credential = kerb::owned_credential<key, N>;
using as_client = kerb::as_client<policy>;
using credential_client = kerb::credential_client<policy>;
using login_verifier = kerb::login_verifier<policy>;
using verified_login = kerb::verified_login<key>;
template <std::size_t N = 4096>
using owned_verified_login = kerb::verified_login<key, owned_credential<N>>;
using tgs_client = kerb::tgs_client<policy>;
using ap_initiator = kerb::ap_initiator<policy>;
using ap_acceptor = kerb::ap_acceptor<policy>;
using protected_session = kerb::protected_session<policy>;
using received_credentials = kerb::received_credentials<policy>;
using kpasswd_client = kerb::kpasswd_client<policy>;
using kpasswd_service = kerb::kpasswd_service<policy>;
using kdc = kerb::kdc<policy>;
using as_kdc = kerb::as_kdc<policy>;
using tgs_kdc = kerb::tgs_kdc<policy>;
/// The exchanges of kerb::gss with this policy, and the other names that their callers write.
namespace gss {
using initiator = kerb::gss::initiator<policy>;
using acceptor = kerb::gss::acceptor<policy>;
using negotiate_initiator = kerb::gss::negotiate_initiator<policy>;
using negotiate_acceptor = kerb::gss::negotiate_acceptor<policy>;
using sasl_client = kerb::gss::sasl_client<policy>;
using sasl_server = kerb::gss::sasl_server<policy>;
using sasl_session = kerb::gss::sasl_session<policy>;
using context = kerb::gss::context<policy>;
using kerb::gss::accept;
using kerb::gss::accept_http;
using kerb::gss::acceptor_params;
using kerb::gss::answered;
using kerb::gss::authorize_as;
using kerb::gss::challenge;
using kerb::gss::check_mic;
using kerb::gss::continue_with;
using kerb::gss::delegation;
using kerb::gss::http_answer;
using kerb::gss::import_context;
using kerb::gss::initiator_params;
using kerb::gss::known_flags;
using kerb::gss::make_mic;
using kerb::gss::max_mechanisms;
using kerb::gss::max_negotiation_token;
using kerb::gss::mechanism_answer;
using kerb::gss::message_demands;
using kerb::gss::message_piece;
using kerb::gss::name_of;
using kerb::gss::negotiate_acceptor_params;
using kerb::gss::negotiate_initiator_params;
using kerb::gss::negotiated;
using kerb::gss::only_krb5;
using kerb::gss::order;
using kerb::gss::other_mechanism;
using kerb::gss::preference;
using kerb::gss::prf_key;
using kerb::gss::protection;
using kerb::gss::read_negotiation_hints;
using kerb::gss::receive_authorization;
using kerb::gss::receive_www_authenticate;
using kerb::gss::respond;
using kerb::gss::sasl_agreement;
using kerb::gss::sasl_client_params;
using kerb::gss::sasl_layer;
using kerb::gss::sasl_layers;
using kerb::gss::sasl_least_size;
using kerb::gss::sasl_mechanism;
using kerb::gss::sasl_server_params;
using kerb::gss::sasl_size_limit;
using kerb::gss::token_layout;
using kerb::gss::unwrapped;
using kerb::gss::unwrapped_pieces;
using kerb::gss::wrap_overhead;
}  // namespace gss
}  // namespace kerb::inline v0::openssl
