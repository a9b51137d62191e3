// KCM: requests to the daemon that keeps credential caches (Heimdal's kcm, sssd-kcm), and its replies.
#pragma once
#include "ccache.hpp"

namespace kerb::inline v0 {

/// What a request asks for. Open: a daemon answers unknown numbers with an error. In the comments, what
/// follows in the request, and in the reply.
enum class kcm_op : std::uint16_t {
  noop = 0,
  gen_new = 3,               ///< () -> (name)
  initialize = 4,            ///< (name, principal) -> (): empties the cache
  destroy = 5,               ///< (name) -> ()
  store = 6,                 ///< (name, credential) -> ()
  retrieve = 7,              ///< (name, flags, tag) -> (credential)
  get_principal = 8,         ///< (name) -> (principal)
  get_cred_uuid_list = 9,    ///< (name) -> (uuids)
  get_cred_by_uuid = 10,     ///< (name, uuid) -> (credential)
  remove_cred = 11,          ///< (name, flags, tag) -> ()
  move_cache = 17,           ///< (name, name) -> ()
  get_cache_uuid_list = 18,  ///< () -> (uuids)
  get_cache_by_uuid = 19,    ///< (uuid) -> (name)
  get_default_cache = 20,    ///< () -> (name)
  set_default_cache = 21,    ///< (name) -> ()
  get_kdc_offset = 22,       ///< (name) -> (number)
  set_kdc_offset = 23,       ///< (name, number) -> ()
  get_cred_list = 13001,     ///< (name) -> (credentials); only of MIT krb5's and SSSD's
  replace = 13002,           ///< (name, number, principal, credentials) -> (); only of MIT krb5's and SSSD's
};

/// Flags of retrieve and remove_cred: what of the tag must match. They are Heimdal's.
enum class kcm_match : std::uint32_t {
  cached_only = 1u << 0,  ///< do not ask a KDC for a ticket that is not there
  is_skey = 1u << 22,
  second_ticket = 1u << 23,
  authdata = 1u << 24,
  times = 1u << 25,
  times_exact = 1u << 26,
  flags = 1u << 27,
  flags_exact = 1u << 28,
  server_name_only = 1u << 29,
  etype = 1u << 30,
};
constexpr kcm_match operator|(kcm_match a, kcm_match b) {
  return static_cast<kcm_match>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}

using kcm_uuid = std::array<std::uint8_t, 16>;

/// What identifies a credential in retrieve and remove_cred. The fields that are not there, or empty,
/// are not compared, nor are others without their flag.
struct kcm_cred_tag {
  std::optional<principal_view> client{};
  std::optional<principal_view> server{};
  etype_t etype{};
  kerberos_time endtime{};  ///< for kcm_match::times: the credential must not end before it
  bool is_skey = false;
  msg::TicketFlags flags{};
  bytes_view second_ticket{};
};

/// The octets in front of a request on the socket: its size.
inline constexpr std::size_t kcm_request_header = 4;
/// The octets in front of a reply on the socket: its size, without these octets, and 0 or an error.
inline constexpr std::size_t kcm_reply_header = 8;

/// Writes a request, or for a daemon a reply, with its header to the front of a buffer: first the
/// kind, then the fields in the order of the comments at kcm_op. The octets can contain keys.
class kcm_writer {
 public:
  /// Begins a request.
  constexpr kcm_writer(kcm_op op, std::span<std::uint8_t> out KERB_LIFETIMEBOUND)
      : w_(body(out, kcm_request_header)), out_(out) {
    w_.number(major, 1);
    w_.number(minor, 1);
    w_.number(static_cast<std::uint32_t>(op), 2);
  }
  /// Begins a reply. `code` is 0, or an error of the daemon's, after which no field follows.
  static constexpr kcm_writer reply(std::int32_t code, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
    return kcm_writer(code, out, 0);
  }

  constexpr void name(std::string_view cache) {
    for (const char c : cache) {
      if (c == '\0') w_.fail(errc::bad_name_text, "name");
      w_.number(static_cast<std::uint8_t>(c), 1);
    }
    w_.number(0, 1);
  }
  /// A time offset in seconds, a count or flags.
  constexpr void number(std::int32_t n) { w_.number(static_cast<std::uint32_t>(n), 4); }
  constexpr void flags(kcm_match f) { w_.number(static_cast<std::uint32_t>(f), 4); }
  constexpr void uuid(const kcm_uuid& u) { w_.octets(u); }
  template <class Name>
  constexpr void principal(const Name& p) {
    detail::write_cache_name(w_, version, p, "principal");
  }
  template <class Name, class Addresses, class AuthData>
  constexpr void credential(const basic_cached_credential<Name, Addresses, AuthData>& c) {
    detail::write_cache_entry(w_, version, c);
  }
  /// A credential of a list, with its size in front. Write their count first, with number().
  template <class Name, class Addresses, class AuthData>
  constexpr void listed_credential(const basic_cached_credential<Name, Addresses, AuthData>& c) {
    detail::file_writer counted({}, type, 4);
    detail::write_cache_entry(counted, version, c);
    detail::write_cache_size(w_, counted.count(), "credential");
    detail::write_cache_entry(w_, version, c);
  }
  constexpr void tag(const kcm_cred_tag& t) {
    std::uint32_t there = 0;
    if (t.client) there |= 1;
    if (t.server) there |= 2;
    if (t.etype != etype_t{}) there |= 4;
    if (!t.second_ticket.empty()) there |= 0x10;
    w_.number(there, 4);
    if (t.client) detail::write_cache_name(w_, version, *t.client, "client");
    if (t.server) detail::write_cache_name(w_, version, *t.server, "server");
    if (t.etype != etype_t{}) {
      w_.type_number(static_cast<std::int32_t>(t.etype), "enctype");
      w_.data({}, "key");
    }
    w_.number(0, 4);
    w_.number(0, 4);
    w_.time(t.endtime, "endtime");
    w_.number(0, 4);
    w_.number(t.is_skey ? 1 : 0, 1);
    w_.number(t.flags.bits, 4);
    if (!t.second_ticket.empty()) w_.data(t.second_ticket, "second_ticket");
  }

  /// The message with its header, or the first error, as ccache_writer::finish(); also
  /// errc::bad_name_text for a name with the octet 0. After an error the buffer is wiped.
  constexpr result<bytes_view> finish() {
    const auto made = w_.finish();
    error why = made.error();
    if (!made) {
      if (why.code == errc::no_space) why.detail += static_cast<std::uint32_t>(header_);
      return why;
    }
    const std::size_t size = made->size();
    for (std::size_t i = 0; i != 4; ++i) {
      out_[i] = static_cast<std::uint8_t>(size >> (8 * (3 - i)));
      if (header_ == kcm_reply_header) out_[4 + i] = 0;  // how the daemon's transport fared
    }
    return bytes_view(out_.first(header_ + size));
  }

 private:
  static constexpr const char* type = "KCM";
  static constexpr std::uint8_t major = 2, minor = 0, version = 4;
  constexpr kcm_writer(std::int32_t code, std::span<std::uint8_t> out, int)
      : w_(body(out, kcm_reply_header)), out_(out), header_(kcm_reply_header) {
    w_.number(static_cast<std::uint32_t>(code), 4);
  }
  static constexpr detail::file_writer body(std::span<std::uint8_t> out, std::size_t header) {
    return {out.size() < header ? std::span<std::uint8_t>() : out.subspan(header), type, 4};
  }
  detail::file_writer w_;
  std::span<std::uint8_t> out_;
  std::size_t header_ = kcm_request_header;
};

/// A message that is at the beginning of what has been received, or how many octets are missing.
struct kcm_frame {
  bytes_view message;       ///< without its header; when `missing` is 0
  std::size_t octets = 0;   ///< with its header
  std::size_t missing = 0;  ///< the least number of octets to read before the next call can return more
};

/// Finds a request (`header` is kcm_request_header) or a reply (kcm_reply_header) in the octets that
/// came from the socket. Errors: errc::frame_too_long for one of more than `cap` octets (detail: how
/// many); errc::kcm_error for a reply whose transport failed (detail: the daemon's number).
constexpr result<kcm_frame> read_kcm_frame(bytes_view in, std::size_t header, std::size_t cap = 10 * 1024 * 1024) {
  if (in.size() < header) return kcm_frame{{}, 0, header - in.size()};
  const auto number = [&](std::size_t at) {
    std::uint32_t n = 0;
    for (std::size_t i = at; i != at + 4; ++i) n = n << 8 | in[i];
    return n;
  };
  const std::size_t size = number(0);
  if (size > cap) return error{errc::frame_too_long, 0, static_cast<std::uint32_t>(size), "KCM", "size"};
  if (header == kcm_reply_header && number(4) != 0) return error{errc::kcm_error, 4, number(4), "KCM", "transport"};
  if (in.size() - header < size) return kcm_frame{{}, 0, size - (in.size() - header)};
  return kcm_frame{in.subview(header, size), header + size, 0};
}

/// Reads the fields of a reply, or for a daemon of a request, in their order. A field that is not
/// there is an error, which finish() returns, and all fields after it are empty. What it returns are
/// views of the message.
class kcm_reader {
 public:
  /// A reply. Errors: errc::kcm_error with the daemon's number in `detail`, for example
  /// 2529639107 (-1765328189, KRB5_FCC_NOFILE) for a cache that does not exist; errc::truncated.
  static constexpr result<kcm_reader> reply(bytes_view message KERB_LIFETIMEBOUND) {
    kcm_reader r(message);
    const std::uint32_t code = r.r_.number(4, "code");
    if (!r.r_.ok()) return r.r_.why();
    if (code != 0) return error{errc::kcm_error, 0, code, type, "code"};
    return r;
  }
  /// A request. Errors: errc::truncated; errc::wrong_constant for another major version than 2.
  static constexpr result<kcm_reader> request(bytes_view message KERB_LIFETIMEBOUND) {
    kcm_reader r(message);
    if (const std::uint32_t v = r.r_.number(1, "version"); v != 2) r.r_.fail(errc::wrong_constant, "version", 0);
    (void)r.r_.number(1, "version");
    r.op_ = static_cast<kcm_op>(r.r_.number(2, "opcode"));
    if (!r.r_.ok()) return r.r_.why();
    return r;
  }
  constexpr kcm_op op() const { return op_; }

  constexpr kerberos_string name() { return {r_.until_zero("name")}; }
  constexpr std::int32_t number() { return r_.int32("number"); }
  constexpr kcm_uuid uuid() {
    kcm_uuid u{};
    const bytes_view octets = r_.octets(u.size(), "uuid");
    detail::copy_octets(octets.data(), octets.size(), u.data());
    return u;
  }
  constexpr file_name principal() { return detail::read_cache_name(r_, version, "principal"); }
  constexpr cache_entry credential() {
    const cache_entry e = detail::read_cache_entry(r_, version);
    return r_.ok() ? e : cache_entry{};
  }
  /// A credential of a list, whose count is read before with number().
  constexpr cache_entry listed_credential() {
    detail::file_reader in = r_.part(r_.number(4, "credential"), "credential");
    const cache_entry e = detail::read_cache_entry(in, version);
    if (in.ok() && !in.at_end()) in.fail(errc::trailing_data, "credential", in.at());
    if (!in.ok()) r_ = in;
    return r_.ok() ? e : cache_entry{};
  }
  /// Whether all octets have been read, or none can be. A list of UUIDs ends here.
  constexpr bool at_end() const { return r_.at_end(); }
  /// ok(), or the first error; errc::trailing_data if octets are left.
  constexpr error finish() {
    if (r_.ok() && !r_.at_end()) r_.fail(errc::trailing_data, "fields", r_.at());
    return r_.why();
  }

 private:
  static constexpr const char* type = "KCM";
  static constexpr std::uint8_t version = 4;
  constexpr explicit kcm_reader(bytes_view message) : r_(message, type, std::endian::big, 4) {}
  detail::file_reader r_;
  kcm_op op_ = kcm_op::noop;
};

}  // namespace kerb::inline v0
