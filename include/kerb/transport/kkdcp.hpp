// Messages to a KDC through an HTTPS proxy: the client's and the proxy's side of MS-KKDCP.
#pragma once
#include "../asn1/payload.hpp"
#include "../msg/ap.hpp"
#include "../msg/error.hpp"
#include "../msg/kdc.hpp"
#include "../msg/kkdcp.hpp"
#include "../msg/kpasswd.hpp"
#include "../msg/priv.hpp"
#include "candidate.hpp"
#include "stream.hpp"

namespace kerb::inline v0 {

/// The HTTP request that contains a message, MS-KKDCP section 2.1. Your HTTP library sends it. The
/// specification names no content type; MIT krb5 and Windows send this one.
struct kkdcp_http {
  static constexpr std::string_view method = "POST";
  static constexpr std::string_view path = "/KdcProxy";  ///< unless the URL of the proxy has another one
  static constexpr std::string_view content_type = "application/kerberos";
};

/// The most octets in the body of a request or response. Two tickets of 48 KiB fit. It is the limit of
/// python-kdcproxy, the proxy of FreeIPA. Compare it with Content-Length before you read a body, and
/// count the octets if there is no Content-Length.
inline constexpr std::size_t max_kkdcp_body = 128 * 1024;

namespace detail {
/// Writes the octets of a Kerberos message with the length in front of it, as an OCTET STRING.
constexpr result<bytes_view> write_kkdcp(bytes_view message, std::optional<kerberos_realm> realm,
                                         std::optional<uint32> hint, std::span<std::uint8_t> out) {
  if (message.size() > 0x7fffffff)
    return error{.code = errc::input_too_large, .type = "KDC-PROXY-MESSAGE", .field = "kerb-message"};
  auto framed = asn1::computed{[&](der::writer& w) {
    const std::size_t mark = w.count();
    w.octets(message);
    const auto length = frame_header(static_cast<std::uint32_t>(message.size()));
    w.octets(length);
    w.header_since(der::octet_string, mark);
  }};
  return asn1::encode(msg::BasicKdcProxyMessage<decltype(framed)>{framed, realm, hint}, out);
}

/// Decodes a body, and checks that the length in kerb-message is the length of what follows it.
constexpr result<msg::KdcProxyMessage> read_kkdcp(bytes_view body, std::size_t cap) {
  if (body.size() > cap) {
    return error{.code = errc::frame_too_long,
                 .detail = static_cast<std::uint32_t>(body.size() < 0xffffffff ? body.size() : 0xffffffff),
                 .type = "KDC-PROXY-MESSAGE"};
  }
  const auto m = asn1::decode<msg::KdcProxyMessage>(body);
  if (!m) return m.error();
  const auto fault = [](errc c) { return error{.code = c, .type = "KDC-PROXY-MESSAGE", .field = "kerb-message"}; };
  const auto f = read_frame(m->kerb_message, body.size());
  if (!f || f->missing != 0) return fault(errc::truncated);
  if (f->message.size() + 4 != m->kerb_message.size()) return fault(errc::trailing_data);
  return m;
}
constexpr bool is_kerberos_error(bytes_view octets) { return asn1::decode<msg::KrbError>(octets).has_value(); }
}  // namespace detail

/// Writes the body of a request to a proxy. `message` is what the exchange sends (send::octets, which
/// must not be empty), and `realm` the realm whose KDC or password service it is for (send::realm).
/// `dclocator_hint` has flags of Windows' DsrGetDcNameEx2 (MS-NRPC section 3.5.4.3.1); no other
/// software needs it.
///
/// The body ends where `out` ends; the result is the part of `out` that it fills. `out` must not
/// overlap `message`. Fails with errc::no_space (detail: octets that are enough),
/// errc::missing_parameter, and errc::bad_realm if the realm contains the octet 0.
/// MS-KKDCP section 3.1.5.1.
constexpr result<bytes_view> write_kkdcp_request(bytes_view message, kerberos_string realm,
                                                 std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                 std::optional<uint32> dclocator_hint = {}) {
  const auto missing = [](const char* field) {
    return error{.code = errc::missing_parameter, .type = "KDC-PROXY-MESSAGE", .field = field};
  };
  if (message.empty()) return missing("kerb-message");
  if (realm.octets.empty()) return missing("target-domain");
  if (!is_realm_text(realm))
    return error{.code = errc::bad_realm, .type = "KDC-PROXY-MESSAGE", .field = "target-domain"};
  return detail::write_kkdcp(message, kerberos_realm(realm), dclocator_hint, out);
}

/// Reads the response of a proxy and returns the KDC's answer, a view of `body`. Pass it to the
/// exchange as received on a stream (transport::stream): there is one answer to a request.
///
/// Fails with errc::no_answer (type "HTTP", detail: the status) if the status is not 200; 403 means that
/// the proxy does not let this client in. errc::frame_too_long: the body has more than `cap` octets
/// (detail: how many). A malformed body has the error of the decoder, and errc::truncated or
/// errc::trailing_data if the length in it is wrong. Nothing in a response is authenticated except the
/// sealed parts of the answer. MS-KKDCP sections 3.1.5.2 and 3.1.5.3.
constexpr result<bytes_view> read_kkdcp_reply(unsigned status, bytes_view body KERB_LIFETIMEBOUND,
                                              std::size_t cap = max_kkdcp_body) {
  if (status != 200) return error{.code = errc::no_answer, .detail = status, .type = "HTTP", .field = "status"};
  const auto m = detail::read_kkdcp(body, cap);
  if (!m) return m.error();
  return m->kerb_message.subview(4);
}

/// The messages that a proxy forwards.
enum class kkdcp_content : std::uint8_t {
  as_req,
  tgs_req,
  kpasswd,  ///< a request to change a password (RFC 3244): an AP-REQ and a KRB-PRIV in a frame
};

/// A request that a proxy has received and can forward. Its views are of the body.
struct kkdcp_request {
  bytes_view message;    ///< for a datagram
  bytes_view framed;     ///< for a stream: the same with its length in front
  kerberos_realm realm;  ///< the realm that the client named in target-domain; not empty
  std::optional<uint32> dclocator_hint;
  kkdcp_content content{};

  /// Which server of the realm the message is for.
  constexpr server_t server() const { return content == kkdcp_content::kpasswd ? server_t::kpasswd : server_t::kdc; }
  /// Whether `served` is the realm that the client named. ASCII letters in upper and lower case are the
  /// same, because the value is not case-sensitive (MS-KKDCP section 2.2.2).
  constexpr bool is_for(kerberos_string served) const {
    const auto lower = [](std::uint8_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c + 0; };
    const bytes_view a = realm.octets, b = served.octets;
    std::size_t i = 0;
    while (i != a.size() && i < b.size() && lower(a[i]) == lower(b[i])) ++i;
    return i == a.size() && i == b.size();
  }
};

namespace detail {
/// What a client sends to a KDC or a password service. Each message is decoded whole.
constexpr result<kkdcp_content> kkdcp_content_of(bytes_view message) {
  if (!message.empty() && message[0] == der::application(10).octet) {
    const auto m = asn1::decode<msg::AsReq>(message);
    return m ? result<kkdcp_content>(kkdcp_content::as_req) : m.error();
  }
  if (!message.empty() && message[0] == der::application(12).octet) {
    const auto m = asn1::decode<msg::TgsReq>(message);
    return m ? result<kkdcp_content>(kkdcp_content::tgs_req) : m.error();
  }
  const auto frame = read_kpasswd_frame(message);
  if (!frame || (frame->version != kpasswd_frame::change_version && frame->version != kpasswd_frame::set_version))
    return error{.code = errc::unexpected_message, .type = "KDC-PROXY-MESSAGE", .field = "kerb-message"};
  if (const auto ap = asn1::decode<msg::ApReq>(frame->ap); !ap) return ap.error();
  if (const auto priv = asn1::decode<msg::KrbPriv>(frame->message); !priv) return priv.error();
  return kkdcp_content::kpasswd;
}
/// Whether the octets can be the answer to such a request.
constexpr bool is_kkdcp_answer(kkdcp_content asked, bytes_view octets) {
  if (is_kerberos_error(octets)) return true;
  if (asked == kkdcp_content::as_req) return asn1::decode<msg::AsRep>(octets).has_value();
  if (asked == kkdcp_content::tgs_req) return asn1::decode<msg::TgsRep>(octets).has_value();
  const auto frame = read_kpasswd_frame(octets);
  if (!frame) return false;
  if (frame->ap.empty()) return is_kerberos_error(frame->message);
  return asn1::decode<msg::ApRep>(frame->ap).has_value() && asn1::decode<msg::KrbPriv>(frame->message).has_value();
}
}  // namespace detail

/// Reads the body of a request that a proxy has received, and checks that the message in it is an AS-REQ, a
/// TGS-REQ or a request to change a password, well-formed from its first octet to its last. Nothing else
/// can be sent through the proxy.
///
/// The realm is the client's choice, and nobody has authenticated the client. Forward the request only to
/// servers of realms that you serve (kkdcp_request::is_for()): a proxy that looks up any realm in DNS sends
/// octets wherever a stranger likes. Ask the server over a stream (kdc_failover::start() with `needs_stream`
/// for a KDC), and read its answer with read_frame() and a limit. A request to change a password goes to one
/// server, once.
///
/// Fails with errc::frame_too_long if the body has more than `cap` octets (detail: how many),
/// errc::missing_field (field "target-domain") if the client named no realm, errc::unexpected_message if the
/// message is another one, and otherwise with the decoder's error. kkdcp_http_status() is the response to an
/// error. MS-KKDCP section 3.2.5.1.
constexpr result<kkdcp_request> read_kkdcp_request(bytes_view body KERB_LIFETIMEBOUND,
                                                   std::size_t cap = max_kkdcp_body) {
  const auto m = detail::read_kkdcp(body, cap);
  if (!m) return m.error();
  const auto content = detail::kkdcp_content_of(m->kerb_message.subview(4));
  if (!content) return content.error();
  if (!m->target_domain || m->target_domain->octets.empty())
    return error{.code = errc::missing_field, .type = "KDC-PROXY-MESSAGE", .field = "target-domain"};
  return kkdcp_request{.message = m->kerb_message.subview(4),
                       .framed = m->kerb_message,
                       .realm = *m->target_domain,
                       .dclocator_hint = m->dclocator_hint,
                       .content = *content};
}

/// Writes the body of a proxy's response: `answer` is what the server sent, without a length in front.
/// It must be a reply of the kind that was asked for, or a KRB-ERROR; anything else fails with
/// errc::unexpected_message, so that a client cannot use the proxy to read what other servers say.
///
/// The body ends where `out` ends; the result is the part of `out` that it fills. `out` must not
/// overlap `answer`. Fails with errc::no_space too (detail: octets that are enough).
/// MS-KKDCP section 3.2.5.2.
constexpr result<bytes_view> write_kkdcp_reply(kkdcp_content asked, bytes_view answer,
                                               std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  if (!detail::is_kkdcp_answer(asked, answer))
    return error{.code = errc::unexpected_message, .type = "KDC-PROXY-MESSAGE", .field = "kerb-message"};
  return detail::write_kkdcp(answer, {}, {}, out);
}

/// The HTTP status with which a proxy responds to an error: 413 for a body that is too long, 503 if no server
/// has answered or its answer was refused, 500 for the proxy's own faults, and 400 for any other request that
/// read_kkdcp_request() refuses. `answered`: the error is of write_kkdcp_reply().
constexpr unsigned kkdcp_http_status(const error& why, bool answered = false) {
  if (why.code == errc::frame_too_long) return 413;
  if (why.code == errc::no_answer || (answered && why.code == errc::unexpected_message)) return 503;
  return static_cast<unsigned>(why.code) >= 500 ? 500 : 400;
}

}  // namespace kerb::inline v0
