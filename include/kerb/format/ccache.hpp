// Credential caches: MIT krb5's credential cache file format, versions 1 to 4.
#pragma once
#include "../msg/ticket.hpp"
#include "file.hpp"

namespace kerb::inline v0 {

/// The contents of an entry that is a setting of the cache rather than a ticket.
struct cache_config {
  kerberos_string key;                       ///< "fast_avail", "pa_type", ...
  std::optional<kerberos_string> principal;  ///< the principal that it applies to, as text
  bytes_view value;
};

/// One entry of a cache. In a file, the name is a file_name and the lists are file_lists; for
/// writing, they have the types of the messages.
template <class Name, class Addresses, class AuthData>
struct basic_cached_credential {
  Name client;
  Name server;
  etype_t etype{};
  secret_view key;
  kerberos_time authtime;
  std::optional<kerberos_time> starttime;
  kerberos_time endtime;
  std::optional<kerberos_time> renew_till;
  bool is_skey = false;  ///< the ticket is encrypted with the second ticket's session key
  /// How the file says so: any octet other than 0, of which MIT krb5's kvno --u2u writes 8.
  std::uint8_t is_skey_octet = 1;
  msg::TicketFlags flags;
  Addresses addresses;
  AuthData authdata;
  bytes_view ticket;  ///< the Ticket's encoding; not validated
  bytes_view second_ticket;

  /// Whether it is a setting and not a credential: it is never sent, and has no lifetime.
  constexpr bool is_config() const {
    const auto& parts = detail::parts_of(server);
    return server.realm == config_realm && !parts.empty() && *parts.begin() == config_name;
  }
  /// The setting, if the entry is one and has two or three components.
  constexpr std::optional<cache_config> config() const {
    const auto& parts = detail::parts_of(server);
    if (!is_config() || parts.size() < 2 || parts.size() > 3) return std::nullopt;
    auto part = parts.begin();
    cache_config c{.key = *++part, .principal = {}, .value = ticket};
    if (parts.size() == 3) c.principal = *++part;
    return c;
  }
  /// Whether the entry was removed by overwriting its times. MIT krb5 and Heimdal set the end time
  /// to 0. Settings always have the end time 0; to remove one, MIT krb5 also changes its authtime,
  /// and both change the realm so that the entry is no longer a setting.
  constexpr bool is_removed() const { return endtime.seconds == 0 && (!is_config() || authtime.seconds == 0xffffffff); }

  static constexpr kerberos_string config_realm = "X-CACHECONF:"_krb, config_name = "krb5_ccache_conf_data"_krb,
                                   removed_config_realm = "X-RMED-CONF:"_krb;
};
using cache_entry =
    basic_cached_credential<file_name, file_list<msg::HostAddress>, file_list<msg::AuthorizationDataElement>>;
using cached_credential = basic_cached_credential<principal_view, msg::HostAddresses, msg::AuthorizationData>;

/// Where in_message_form() stores the lists of an entry; it must outlive the result.
struct cache_entry_lists {
  std::span<kerberos_string> names;  ///< the components of the client and the server
  std::span<msg::HostAddress> addresses{};
  std::span<msg::AuthorizationDataElement> authdata{};
};
/// An entry of a file with the types of the messages, for a credential or another file. On
/// errc::no_space, `detail` is the number of elements, and `field` the list.
constexpr result<cached_credential> in_message_form(const cache_entry& e, const cache_entry_lists& lists) {
  const std::size_t of_client = e.client.components.size(), names = of_client + e.server.components.size();
  const auto small = [](std::size_t n, const char* field) {
    return error{errc::no_space, 0, static_cast<std::uint32_t>(n), "ccache", field};
  };
  if (lists.names.size() < names) return small(names, "names");
  if (lists.addresses.size() < e.addresses.size()) return small(e.addresses.size(), "addresses");
  if (lists.authdata.size() < e.authdata.size()) return small(e.authdata.size(), "authdata");
  cached_credential c{};
  c.client = *e.client.in(lists.names.first(of_client));
  c.server = *e.server.in(lists.names.subspan(of_client));
  c.etype = e.etype;
  c.key = e.key;
  c.authtime = e.authtime;
  c.starttime = e.starttime;
  c.endtime = e.endtime;
  c.renew_till = e.renew_till;
  c.is_skey = e.is_skey;
  c.is_skey_octet = e.is_skey_octet;
  c.flags = e.flags;
  c.addresses = *e.addresses.copy_to(lists.addresses);
  c.authdata = *e.authdata.copy_to(lists.authdata);
  c.ticket = e.ticket;
  c.second_ticket = e.second_ticket;
  return c;
}

/// How far the KDC's clock is ahead of this machine's: tag 1 of the header.
struct kdc_offset {
  std::int32_t seconds = 0;
  std::int32_t usec = 0;
  friend constexpr bool operator==(const kdc_offset&, const kdc_offset&) = default;
};

namespace detail {
/// Reads a principal in a version of the format.
constexpr file_name read_cache_name(file_reader& r, std::uint8_t version, const char* field) {
  file_name n{};
  if (version != 1) n.name_type = static_cast<name_t>(r.int32(field));
  const std::size_t at = r.at();
  std::uint32_t components = r.number(4, field);
  if (version == 1) {  // the count includes the realm
    if (r.ok() && components == 0) r.fail(errc::missing_field, field, at);
    --components;
  }
  n.realm = r.realm(field);
  if (r.ok()) n.components = file_list<kerberos_string>::read(r, components, field);
  return n;
}
template <class T>
constexpr file_list<T> read_cache_list(file_reader& r, const char* field) {
  const std::uint32_t count = r.number(4, field);
  return file_list<T>::read(r, count, field);
}
constexpr std::optional<kerberos_time> time_or_none(kerberos_time t) {
  return t.seconds != 0 ? std::optional(t) : std::nullopt;
}
/// Reads a credential in a version of the format.
constexpr cache_entry read_cache_entry(file_reader& r, std::uint8_t version) {
  cache_entry e{};
  e.client = read_cache_name(r, version, "client");
  e.server = read_cache_name(r, version, "server");
  e.etype = static_cast<etype_t>(r.type_number("enctype"));
  if (version == 3) (void)r.type_number("enctype");  // formerly another number, now without meaning
  e.key = secret_view(r.data("key"));
  e.authtime = r.time("authtime");
  e.starttime = time_or_none(r.time("starttime"));
  e.endtime = r.time("endtime");
  e.renew_till = time_or_none(r.time("renew_till"));
  const std::uint32_t is_skey = r.number(1, "is_skey");  // 0 or 1 in the format
  e.is_skey = is_skey != 0;
  if (e.is_skey) e.is_skey_octet = static_cast<std::uint8_t>(is_skey);
  e.flags = msg::TicketFlags::of(r.number(4, "ticket_flags"));
  e.addresses = read_cache_list<msg::HostAddress>(r, "addresses");
  e.authdata = read_cache_list<msg::AuthorizationDataElement>(r, "authdata");
  e.ticket = r.data("ticket");
  e.second_ticket = r.data("second_ticket");
  return e;
}

constexpr void write_cache_size(file_writer& w, std::size_t n, const char* field) {
  if (n > 0xffffffffu) w.fail(errc::input_too_large, field);
  w.number(static_cast<std::uint32_t>(n), 4);
}
template <class Name>
constexpr void write_cache_name(file_writer& w, std::uint8_t version, const Name& n, const char* field) {
  const auto& components = parts_of(n);
  if (version != 1) w.number(static_cast<std::uint32_t>(type_of(n)), 4);
  write_cache_size(w, components.size() + (version == 1), field);  // the count includes the realm
  w.realm(n.realm, field);
  for (kerberos_string c : components) w.data(c.octets, field);
}
template <class Name, class Addresses, class AuthData>
constexpr void write_cache_entry(file_writer& w, std::uint8_t version,
                                 const basic_cached_credential<Name, Addresses, AuthData>& e) {
  write_cache_name(w, version, e.client, "client");
  write_cache_name(w, version, e.server, "server");
  w.type_number(static_cast<std::int32_t>(e.etype), "enctype");
  if (version == 3) w.type_number(static_cast<std::int32_t>(e.etype), "enctype");
  w.data(e.key.unguarded(), "key");
  w.time(e.authtime, "authtime");
  w.time(e.starttime.value_or(kerberos_time{}), "starttime");
  w.time(e.endtime, "endtime");
  w.time(e.renew_till.value_or(kerberos_time{}), "renew_till");
  w.number(e.is_skey ? e.is_skey_octet : 0, 1);
  w.number(e.flags.bits, 4);
  write_cache_size(w, e.addresses.size(), "addresses");
  for (const msg::HostAddress& a : e.addresses) {
    w.type_number(static_cast<std::int32_t>(a.addr_type), "addresses");
    w.data(a.address, "addresses");
  }
  write_cache_size(w, e.authdata.size(), "authdata");
  for (const msg::AuthorizationDataElement& a : e.authdata) {
    w.type_number(static_cast<std::int32_t>(a.ad_type), "authdata");
    w.data(a.ad_data, "authdata");
  }
  w.data(e.ticket, "ticket");
  w.data(e.second_ticket, "second_ticket");
}
}  // namespace detail

/// A view of a credential cache, whose entries were validated when it was opened. Iteration returns
/// every entry by value, including settings and removed ones, and cannot fail. The octets contain
/// keys and must outlive the view.
class ccache_view {
 public:
  constexpr ccache_view() = default;
  /// Opens all of `file`, or fails with field and offset. Errors are: a file that ends within an
  /// entry, a header whose fields do not fill it, a realm with the octet 0, an unknown version.
  /// `host` is the byte order of the machine that wrote a file of version 1 or 2; those files do
  /// not contain it. Later versions are big-endian. Header fields with unknown tags are skipped.
  static constexpr result<ccache_view> open(bytes_view file KERB_LIFETIMEBOUND,
                                            std::endian host = std::endian::native) {
    const up_to_fault<ccache_view> read = open_up_to_fault(file, host);
    if (!read.fault.ok()) return read.fault;
    return read.view;
  }
  /// The same, but on an error the result contains the entries before the fault, for example when
  /// another process has not finished writing. If the fault is before the first entry, client() is
  /// empty.
  static constexpr up_to_fault<ccache_view> open_up_to_fault(bytes_view file KERB_LIFETIMEBOUND,
                                                             std::endian host = std::endian::native) {
    up_to_fault<ccache_view> read;
    read.fault = read.view.read_all(file, host);
    return read;
  }

  constexpr std::uint8_t version() const { return version_; }
  /// The byte order of the file's numbers.
  constexpr std::endian order() const { return rest_.order(); }
  /// The fields of the header, known and unknown; empty in versions before 4.
  constexpr bytes_view header() const { return header_; }
  /// The default principal, the owner of the credentials.
  constexpr const file_name& client() const& KERB_LIFETIMEBOUND { return client_; }
  void client() const&& = delete;
  constexpr const std::optional<kdc_offset>& offset() const& KERB_LIFETIMEBOUND { return offset_; }
  void offset() const&& = delete;
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }

  class iterator {
   public:
    using value_type = cache_entry;
    using difference_type = std::ptrdiff_t;
    constexpr iterator() = default;
    constexpr cache_entry operator*() const {
      detail::file_reader r = rest_;
      return detail::read_cache_entry(r, version_);
    }
    /// The entry's octets in the file, for a program that overwrites it (ccache_writer::entries_for()).
    constexpr bytes_view octets() const {
      detail::file_reader r = rest_;
      (void)detail::read_cache_entry(r, version_);
      return rest_.until(r);
    }
    constexpr iterator& operator++() {
      (void)detail::read_cache_entry(rest_, version_);
      --left_;
      return *this;
    }
    constexpr iterator operator++(int) {
      iterator before = *this;
      ++*this;
      return before;
    }
    friend constexpr bool operator==(const iterator& a, const iterator& b) { return a.left_ == b.left_; }

   private:
    friend class ccache_view;
    constexpr iterator(const ccache_view& c, std::size_t left) : rest_(c.rest_), left_(left), version_(c.version_) {}
    detail::file_reader rest_{{}, type, std::endian::big, 4};
    std::size_t left_ = 0;
    std::uint8_t version_ = 4;
  };
  constexpr iterator begin() const { return {*this, size_}; }
  constexpr iterator end() const { return {*this, 0}; }

  /// The value of a setting, of the whole cache or of one principal. If the file has several,
  /// returns the last, which is the newest.
  constexpr std::optional<bytes_view> config(std::string_view key, std::optional<std::string_view> of = {}) const {
    std::optional<bytes_view> value;
    for (const cache_entry& e : *this) {
      const std::optional<cache_config> c = e.config();
      if (!c || e.is_removed() || !(c->key == key) || c->principal.has_value() != of.has_value()) continue;
      if (!of || *c->principal == *of) value = c->value;
    }
    return value;
  }

 private:
  static constexpr const char* type = "ccache";
  static constexpr std::uint32_t tag_offset = 1;

  // Counts the entries up to the first error, and returns that error.
  constexpr error read_all(bytes_view file, std::endian host) {
    if (file.size() > 0xffffffffu) return {.code = errc::input_too_large, .type = type};
    detail::file_reader r(file, type, std::endian::big, 4);
    const std::uint32_t magic = r.number(1, "version");
    const std::uint32_t version = r.number(1, "version");  // the first of several errors counts
    if (magic != 5) r.fail(errc::wrong_constant, "version", 0);
    if (version < 1 || version > 4) r.fail(errc::wrong_constant, "version", 1);
    if (!r.ok()) return r.why();
    version_ = static_cast<std::uint8_t>(version);
    if (version_ < 3) r.set_order(host);
    if (version_ == 4) {
      const std::uint32_t size = r.number(2, "header");
      const std::size_t from = r.at();
      detail::file_reader header = r.part(size, "header");
      if (r.ok()) header_ = file.subview(from, size);
      while (header.ok() && !header.at_end()) read_header_field(header);
      if (!header.ok()) return header.why();
    }
    const file_name client = detail::read_cache_name(r, version_, "default principal");
    if (r.ok()) client_ = client;
    for (rest_ = r; r.ok() && !r.at_end();) {
      (void)detail::read_cache_entry(r, version_);
      size_ += r.ok();
    }
    return r.why();
  }
  constexpr void read_header_field(detail::file_reader& r) {
    const std::uint32_t tag = r.number(2, "tag");
    const std::size_t at = r.at();
    const std::uint32_t size = r.number(2, "header field");
    detail::file_reader value = r.part(size, "header field");
    if (!r.ok() || tag != tag_offset) return;
    if (size != 8) {
      r.fail(errc::wrong_constant, "time offset", at);
      return;
    }
    offset_.emplace();
    offset_->seconds = value.int32("time offset");
    offset_->usec = value.int32("time offset");
  }
  detail::file_reader rest_{{}, type, std::endian::big, 4};  // the first entry
  bytes_view header_;
  file_name client_;
  std::optional<kdc_offset> offset_;
  std::size_t size_ = 0;
  std::uint8_t version_ = 4;
};

/// In which version a cache is written.
struct ccache_format {
  std::uint8_t version = 4;                 ///< 1 to 4
  std::endian order = std::endian::native;  ///< of versions 1 and 2; the others are big-endian
};

/// Writes a cache, entry by entry, to the front of a buffer.
class ccache_writer {
 public:
  /// `client` is the default principal, a principal_view or a file_name. The time offset is only in
  /// version 4, and version 1 has no name types. finish() returns errc::api_misuse for a version that
  /// is none.
  template <class Name>
  constexpr ccache_writer(const Name& client, const std::optional<kdc_offset>& offset,
                          std::span<std::uint8_t> out KERB_LIFETIMEBOUND, const ccache_format& format = {})
      : ccache_writer(format, out) {
    put_version();
    if (version_ == 4) {
      w_.number(offset ? 12 : 0, 2);
      if (offset) {
        w_.number(1, 2);
        w_.number(8, 2);
        w_.number(static_cast<std::uint32_t>(offset->seconds), 4);
        w_.number(static_cast<std::uint32_t>(offset->usec), 4);
      }
    }
    detail::write_cache_name(w_, version_, client, "default principal");
  }
  /// Writes a cache like another one: its version, byte order, header and default principal. With all
  /// of its entries, the result has the same octets.
  constexpr ccache_writer(const ccache_view& like, std::span<std::uint8_t> out KERB_LIFETIMEBOUND)
      : ccache_writer(ccache_format{like.version(), like.order()}, out) {
    put_version();
    if (version_ == 4) {
      w_.number(static_cast<std::uint32_t>(like.header().size()), 2);
      w_.octets(like.header());
    }
    detail::write_cache_name(w_, version_, like.client(), "default principal");
  }
  /// Writes entries without the beginning of a cache, to append them to a file like `like` or to
  /// overwrite one in it.
  static constexpr ccache_writer entries_for(const ccache_view& like, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
    return ccache_writer(ccache_format{like.version(), like.order()}, out);
  }

  /// Appends an entry. finish() reports errors.
  template <class Name, class Addresses, class AuthData>
  constexpr void add(const basic_cached_credential<Name, Addresses, AuthData>& e) {
    detail::write_cache_entry(w_, version_, e);
  }
  /// Appends an entry as removed. It has as many octets as the entry, so it can overwrite it in a file:
  /// its end time is 0, its authtime 0xffffffff, and a setting is in the realm X-RMED-CONF:. MIT krb5
  /// and Heimdal write the same; Heimdal 7 leaves the authtime. Nothing else in it is overwritten, and
  /// the key stays in the file.
  template <class Name, class Addresses, class AuthData>
  constexpr void add_removed(basic_cached_credential<Name, Addresses, AuthData> e) {
    if (e.is_config()) e.server.realm = cached_credential::removed_config_realm;
    e.endtime = {0};
    e.authtime = {0xffffffff};
    add(e);
  }
  /// Appends a setting; `client` is the cache's default principal.
  constexpr void add_config(const principal_view& client, const cache_config& c) {
    const kerberos_string parts[] = {cached_credential::config_name, c.key, c.principal.value_or(kerberos_string{})};
    const view_of<kerberos_string> used(parts, c.principal ? 3 : 2);
    cached_credential e{};
    e.client = client;
    e.server = {{name_t::unknown, used}, cached_credential::config_realm};
    e.ticket = c.value;
    add(e);
  }
  /// The file's octets, or the first error: errc::no_space with a size that is enough,
  /// errc::clock_out_of_range for a time that does not fit in 32 bits, errc::api_misuse for a type
  /// number that does not fit in 16 bits, errc::bad_name_text for a realm with the octet 0. After
  /// an error the buffer is wiped.
  constexpr result<bytes_view> finish() { return w_.finish(); }

 private:
  constexpr ccache_writer(const ccache_format& format, std::span<std::uint8_t> out)
      : w_(out, "ccache", 4, format.version < 3 ? format.order : std::endian::big), version_(format.version) {
    if (version_ < 1 || version_ > 4) w_.fail(errc::api_misuse, "version");
  }
  constexpr void put_version() {
    w_.number(5, 1);
    w_.number(version_, 1);
  }
  detail::file_writer w_;
  std::uint8_t version_ = 4;
};

}  // namespace kerb::inline v0
