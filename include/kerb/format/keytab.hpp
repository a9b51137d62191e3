// Keytabs: files of service keys, MIT krb5's keytab file format, versions 0x501 and 0x502.
#pragma once
#include "../numbers/key_search.hpp"
#include "file.hpp"

namespace kerb::inline v0 {

/// One key of a keytab. `Name` is file_name when read from a file, and principal_view for writing.
template <class Name>
struct basic_keytab_entry {
  Name principal;
  kerberos_time timestamp;  ///< when the entry was written
  std::uint32_t kvno = 0;
  etype_t etype{};
  secret_view key;          ///< as many octets as the file has; import() checks their number
  bool short_kvno = false;  ///< only the low eight bits of the key version are known
  /// What else is in the entry's record: Heimdal's flags in 32 bits, zeros, or the end of an older,
  /// longer entry. The writer writes it again.
  bytes_view rest{};
};
using keytab_entry = basic_keytab_entry<file_name>;
using keytab_key = basic_keytab_entry<principal_view>;

/// A view of a keytab, whose entries were validated when it was opened. Iteration returns every
/// entry by value, in the file's order, and cannot fail. The octets contain keys and must outlive
/// the view.
class keytab_view {
 public:
  constexpr keytab_view() = default;
  /// Opens all of `file`, or fails with field and offset. Errors are: a record or a hole that ends
  /// beyond the file, an entry that ends beyond its record, a realm with the octet 0, an unknown
  /// version. `host` is the byte order of the machine that wrote a file of version 0x501; such a
  /// file does not contain it. Later versions are big-endian. A record of length 0 ends the file; the
  /// octets after it and those in holes are ignored.
  static constexpr result<keytab_view> open(bytes_view file KERB_LIFETIMEBOUND,
                                            std::endian host = std::endian::native) {
    const up_to_fault<keytab_view> read = open_up_to_fault(file, host);
    if (!read.fault.ok()) return read.fault;
    return read.view;
  }
  /// The same, but on an error the result contains the entries before the fault, for example when
  /// the last record is cut short. A service can continue with them; it should report the fault.
  static constexpr up_to_fault<keytab_view> open_up_to_fault(bytes_view file KERB_LIFETIMEBOUND,
                                                             std::endian host = std::endian::native) {
    up_to_fault<keytab_view> read;
    read.fault = read.view.read_all(file, host);
    return read;
  }

  constexpr std::uint16_t version() const { return static_cast<std::uint16_t>(0x500 | version_); }
  /// The byte order of the file's numbers.
  constexpr std::endian order() const { return rest_.order(); }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }

  class iterator {
   public:
    using value_type = keytab_entry;
    using difference_type = std::ptrdiff_t;
    constexpr iterator() = default;
    constexpr keytab_entry operator*() const {
      detail::file_reader r = rest_;
      std::optional<detail::file_reader> record = next_record(r);
      return record ? read_entry(*record, version_) : keytab_entry{};
    }
    /// The entry's record in the file, with its length in front: see make_keytab_hole().
    constexpr bytes_view record() const {
      detail::file_reader after = rest_;
      const std::optional<detail::file_reader> contents = next_record(after);
      if (!contents) return {};
      const bytes_view octets = contents->until(after);
      return {octets.data() - 4, octets.size() + 4};
    }
    constexpr iterator& operator++() {
      (void)next_record(rest_);
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
    friend class keytab_view;
    constexpr iterator(const keytab_view& k, std::size_t left) : rest_(k.rest_), left_(left), version_(k.version_) {}
    detail::file_reader rest_{{}, type, std::endian::big, 2};
    std::size_t left_ = 0;
    std::uint8_t version_ = 2;
  };
  constexpr iterator begin() const { return {*this, size_}; }
  constexpr iterator end() const { return {*this, 0}; }

 private:
  static constexpr const char* type = "keytab";

  // Counts the entries up to the first error, and returns that error.
  constexpr error read_all(bytes_view file, std::endian host) {
    if (file.size() > 0xffffffffu) return {.code = errc::input_too_large, .type = type};
    detail::file_reader r(file, type, std::endian::big, 2);
    const std::uint32_t magic = r.number(1, "version");
    const std::uint32_t version = r.number(1, "version");  // the first of several errors counts
    if (magic != 5) r.fail(errc::wrong_constant, "version", 0);
    if (version != 1 && version != 2) r.fail(errc::wrong_constant, "version", 1);
    if (!r.ok()) return r.why();
    version_ = static_cast<std::uint8_t>(version);
    if (version_ == 1) r.set_order(host);
    rest_ = r;
    for (;; ++size_) {
      std::optional<detail::file_reader> record = next_record(r);
      if (!record) return r.why();
      (void)read_entry(*record, version_);
      if (!record->ok()) return record->why();
    }
  }
  // The next record that contains an entry; none at the end or after an error.
  static constexpr std::optional<detail::file_reader> next_record(detail::file_reader& r) {
    while (r.ok() && !r.at_end()) {
      const std::size_t at = r.at();
      const std::int32_t size = r.int32("record");
      if (!r.ok() || size == 0) break;
      const bool is_hole = size < 0;
      const std::size_t octets = is_hole ? 0 - static_cast<std::uint32_t>(size) : static_cast<std::uint32_t>(size);
      if (r.left() < octets) {
        r.fail(errc::truncated, is_hole ? "hole" : "record", at);
        break;
      }
      detail::file_reader record = r.part(octets, "record");
      if (!is_hole) return record;
    }
    return std::nullopt;
  }
  static constexpr keytab_entry read_entry(detail::file_reader& r, std::uint8_t version) {
    keytab_entry e{};
    const std::size_t at = r.at();
    std::uint32_t components = r.number(2, "components");
    if (version == 1) {  // the count includes the realm
      if (r.ok() && components == 0) r.fail(errc::missing_field, "realm", at);
      --components;
    }
    e.principal.realm = r.realm("realm");
    if (r.ok()) e.principal.components = file_list<kerberos_string>::read(r, components, "component");
    if (version != 1) e.principal.name_type = static_cast<name_t>(r.int32("name type"));
    e.timestamp = r.time("timestamp");
    e.kvno = r.number(1, "key version");
    e.etype = static_cast<etype_t>(r.type_number("enctype"));
    e.key = secret_view(r.data("key"));
    // Since krb5 1.14: the version again, in 32 bits. Zero may be left over from an older entry in
    // a longer hole.
    detail::file_reader before = r;
    const std::uint32_t kvno = r.left() >= 4 ? r.number(4, "key version") : 0;
    e.short_kvno = kvno == 0;
    if (kvno != 0) e.kvno = kvno;
    else if (r.ok()) r = before;
    e.rest = r.octets(r.left(), "record");
    return e;
  }

  detail::file_reader rest_{{}, type, std::endian::big, 2};  // after the version
  std::size_t size_ = 0;
  std::uint8_t version_ = 2;
};

/// A keytab as a service's source of keys (the concept ticket_keys of exchange/service/keys.hpp).
/// Keys are tried in the order of key_names and key_search, and otherwise in the file's order. The
/// policy imports a key when it is needed; keys that it rejects are skipped. If the file contains
/// only the low eight bits of a version, only those bits of the ticket's version are compared. If
/// clients know a service by several names (RFC 6806 section 6), the file needs its keys under each
/// of them, because the ticket contains the name that the client requested; or use key_names.
///
/// However many keys a file has, exchange_limits::max_keys bounds those that are tried on a ticket:
/// anybody can send a ticket, and each key costs the decryption of all of it.
template <class Policy>
class keytab_keys {
 public:
  using key = typename Policy::key;
  constexpr keytab_keys(const keytab_view& keytab, Policy& crypto KERB_LIFETIMEBOUND,
                        key_search search = key_search::named_version, key_names names = key_names::exact)
      : keytab_(keytab), policy_(crypto), search_(search), names_(names) {}

  /// The key is valid until the next call.
  template <class Ask>
      constexpr const key* find(const Ask& ask) & KERB_LIFETIMEBOUND {
    found_.reset();
    if (ask.user_to_user) return nullptr;
    const auto at = detail::nth_key(
        keytab_, search_, ask.etype, detail::names_version(ask.kvno), ask.tried,
        [&](const keytab_entry& e) { return label(e, ask); }, [&](const keytab_entry& e) { return is_version(e, ask); },
        [&](const keytab_entry& e) { return policy_->import(e.etype, e.key.unguarded()).has_value(); },
        [&](const keytab_entry& e) { return !same_principal(e.principal, ask.service); });
    std::size_t place = 0;
    for (const keytab_entry& e : keytab_) {
      if (!at || place++ != *at) continue;
      if (result<key> k = policy_->import(e.etype, e.key.unguarded())) found_.emplace(*std::move(k));
      break;
    }
    return found_ ? &*found_ : nullptr;
  }
  /// Keys of other realms are never found, so any key that is found belongs to the requested realm.
  template <class Ask>
  static constexpr kerberos_string realm_of(const Ask& ask) {
    return ask.service.realm;
  }
  template <class Ask>
  constexpr no_ticket_key why_none(const Ask& ask) const {
    return detail::why_no_key(
        keytab_, detail::names_version(ask.kvno), [&](const keytab_entry& e) { return label(e, ask); },
        [&](const keytab_entry& e) { return is_version(e, ask); });
  }

 private:
  template <class Ask>
  constexpr std::optional<key_label> label(const keytab_entry& e, const Ask& ask) const {
    return is_of(e.principal, ask.service) ? std::optional(key_label{e.kvno, e.etype}) : std::nullopt;
  }
  constexpr bool is_of(const file_name& p, const principal_view& service) const {
    if (same_principal(p, service)) return true;
    if (names_ == key_names::exact || !(p.realm == service.realm)) return false;
    return names_ == key_names::any_of_realm || same_host(p, service);
  }
  // The second of two components is the host (RFC 4120 section 6.2.1)
  static constexpr bool same_host(const file_name& p, const principal_view& service) {
    if (p.components.size() != 2 || service.name.name_string.size() != 2) return false;
    return *++p.components.begin() == *++service.name.name_string.begin();
  }
  template <class Ask>
  static constexpr bool is_version(const keytab_entry& e, const Ask& ask) {
    return e.kvno == *ask.kvno || (e.short_kvno && e.kvno == (*ask.kvno & 0xff));
  }
  keytab_view keytab_;
  ref<Policy> policy_;
  key_search search_;
  key_names names_;
  std::optional<key> found_;
};

namespace detail {
/// Whether the key version of `a` is newer than that of `b`. Of two that are known in eight bits only, the
/// later one can have the smaller number, as after 255: then it was written later.
constexpr bool is_newer(const keytab_entry& a, const keytab_entry& b) {
  const auto began_again = [](const keytab_entry& after, const keytab_entry& before) {
    return after.short_kvno && before.short_kvno && before.kvno >= after.kvno + 128 &&
           before.timestamp < after.timestamp;
  };
  return began_again(a, b) || (a.kvno > b.kvno && !began_again(b, a));
}
}  // namespace detail

/// The key with which a client logs in (credential_params::key, as_params::key): of the keys that the
/// policy can use, one of the newest version, of the encryption type that the policy prefers. The KDC's
/// current key is not always of the type that an older version in the keytab has, so the version counts
/// first. errc::no_key: none (field "principal": no entry has this name; "enctype": none is usable).
template <class Policy>
constexpr result<typename Policy::key> best_key(const keytab_view& keytab, const principal_view& client,
                                                Policy& crypto) {
  const auto rank_of = [&](etype_t etype) {
    std::size_t rank = 0;
    for (const etype_t e : crypto.offered()) {
      if (e == etype) break;
      ++rank;
    }
    return rank;
  };
  std::optional<typename Policy::key> best;
  keytab_entry of_best{};
  std::size_t rank_of_best = 0;
  bool named = false;
  for (const keytab_entry& e : keytab) {
    if (!same_principal(e.principal, client)) continue;
    named = true;
    const std::size_t rank = rank_of(e.etype);
    if (rank == crypto.offered().size() || (best && detail::is_newer(of_best, e))) continue;
    if (best && !detail::is_newer(e, of_best) && rank_of_best < rank) continue;
    if (auto k = crypto.import(e.etype, e.key.unguarded())) {
      best.emplace(*std::move(k));
      of_best = e;
      rank_of_best = rank;
    }
  }
  if (!best) return error{.code = errc::no_key, .type = "keytab", .field = named ? "enctype" : "principal"};
  return *std::move(best);
}

/// Makes a hole of a record of a keytab, as MIT krb5 and Heimdal remove entries: the key and the names
/// are overwritten with zeros. `record` is keytab_view::iterator::record() in the octets of the file,
/// and `order` keytab_view::order(). Nothing happens if it is shorter than a length.
constexpr void make_keytab_hole(std::span<std::uint8_t> record, std::endian order) {
  if (record.size() < 4 || record.size() - 4 > 0x7fffffff) return;
  secure_zero(record);
  const std::uint32_t size = 0 - static_cast<std::uint32_t>(record.size() - 4);
  for (std::size_t i = 0; i != 4; ++i) {
    record[i] = static_cast<std::uint8_t>(size >> (8 * (order == std::endian::big ? 3 - i : i)));
  }
}

/// In which version a keytab is written.
struct keytab_format {
  std::uint16_t version = 0x502;            ///< or 0x501
  std::endian order = std::endian::native;  ///< of version 0x501; the other is big-endian
};

/// Writes a keytab, entry by entry, to the front of a buffer. Holes of a keytab that was read are not
/// written again.
class keytab_writer {
 public:
  /// finish() returns errc::api_misuse for a version that is none.
  constexpr explicit keytab_writer(std::span<std::uint8_t> out KERB_LIFETIMEBOUND, const keytab_format& format = {})
      : w_(out, "keytab", 2, format.version == 0x501 ? format.order : std::endian::big),
        first_version_(format.version == 0x501) {
    if (format.version != 0x501 && format.version != 0x502) w_.fail(errc::api_misuse, "version");
    w_.number(5, 1);
    w_.number(format.version & 0xff, 1);
  }
  /// Appends an entry. Its key version is also written in 32 bits, unless only eight are known
  /// (short_kvno). Version 0x501 has no name types. finish() reports errors.
  template <class Name>
  constexpr void add(const basic_keytab_entry<Name>& e) {
    const auto& components = detail::parts_of(e.principal);
    const bool whole_kvno = !e.short_kvno;
    std::size_t size = 2 + 2 + e.principal.realm.octets.size() + (first_version_ ? 0 : 4) + 4 + 1 + 2 + 2 +
                       e.key.size() + (whole_kvno ? 4 : 0) + e.rest.size();
    for (kerberos_string c : components) size += 2 + c.octets.size();
    const std::size_t count = components.size() + (first_version_ ? 1 : 0);  // includes the realm
    if (size > 0x7fffffff || count > 0xffff) w_.fail(errc::input_too_large, "components");
    w_.number(static_cast<std::uint32_t>(size), 4);
    w_.number(static_cast<std::uint32_t>(count), 2);
    w_.realm(e.principal.realm, "realm");
    for (kerberos_string c : components) w_.data(c.octets, "component");
    if (!first_version_) w_.number(static_cast<std::uint32_t>(detail::type_of(e.principal)), 4);
    w_.time(e.timestamp, "timestamp");
    w_.number(e.kvno & 0xff, 1);
    w_.type_number(static_cast<std::int32_t>(e.etype), "enctype");
    w_.data(e.key.unguarded(), "key");
    if (whole_kvno) w_.number(e.kvno, 4);
    w_.octets(e.rest);
  }
  /// The file's octets, or the first error: errc::no_space with a size that is enough,
  /// errc::input_too_large for a text or key of more than 65535 octets, errc::clock_out_of_range
  /// for a time that does not fit in 32 bits, errc::api_misuse for an encryption type that does not
  /// fit in 16 bits, errc::bad_name_text for a realm with the octet 0. After an error the buffer is
  /// wiped.
  constexpr result<bytes_view> finish() { return w_.finish(); }

 private:
  detail::file_writer w_;
  bool first_version_ = false;
};

}  // namespace kerb::inline v0
