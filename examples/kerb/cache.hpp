// A credential cache in a FILE, as MIT krb5 and Heimdal have them, for kerb::acquire.
#pragma once
#include <list>

#include "tracer.hpp"

namespace example {

/// A name of a file as a view that kerb compares and writes.
struct named {
  std::vector<kerb::kerberos_string> parts;
  kerb::principal_view view;
  explicit named(const kerb::file_name& n)
      : parts(n.components.begin(), n.components.end()),
        view{{n.name_type, kerb::view_of<kerb::kerberos_string>(parts)}, n.realm} {}
  named(const named&) = delete;
  named& operator=(const named&) = delete;
};

class file_cache {
 public:
  struct entry {
    kerb::cache_entry file;
    std::vector<kerb::kerberos_string> names;
    std::vector<kerb::msg::HostAddress> addresses;
    std::vector<kerb::msg::AuthorizationDataElement> authdata;
    kerb::cached_credential message;   ///< the same, with views of the lists
    std::optional<credential> usable;  ///< none: the policy has no such encryption type
    explicit entry(const kerb::cache_entry& e)
        : file(e),
          names(e.client.components.size() + e.server.components.size()),
          addresses(e.addresses.size()),
          authdata(e.authdata.size()),
          message(*in_message_form(e, {.names = names, .addresses = addresses, .authdata = authdata})) {}
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
  };

  /// The name from --cache, KRB5CCNAME, or the default of both libraries.
  static std::string path_of(const options& o) {
    const char* const variable = std::getenv("KRB5CCNAME");
    std::string name = !o.cache.empty() ? o.cache : variable != nullptr ? variable : "";
    if (name.empty()) return "/tmp/krb5cc_" + std::to_string(::getuid());
    const std::size_t colon = name.find(':');
    if (colon == std::string::npos || name[0] == '/') return name;
    if (name.substr(0, colon) == "FILE") return name.substr(colon + 1);
    throw failure("the cache " + name + " is no file. Set KRB5CCNAME to FILE:PATH, or use --cache PATH");
  }
  file_cache(std::string path, policy& crypto) : path_(std::move(path)), crypto_(crypto) {}
  file_cache(const file_cache&) = delete;
  file_cache& operator=(const file_cache&) = delete;

  const std::string& path() const { return path_; }
  /// Reads the file. False: there is none.
  bool open() {
    auto all = read_file(path_, file_kind::cache);
    if (!all) return false;
    octets_ = std::move(*all);
    parse();
    return true;
  }
  /// Begins an empty cache of this client, in memory.
  void begin(const kerb::principal_view& client, std::int64_t kdc_offset) {
    octet_list made(client.realm.octets.size() + 4096);
    std::optional<kerb::kdc_offset> offset;
    if (kdc_offset != 0) offset = kerb::kdc_offset{static_cast<std::int32_t>(kdc_offset), 0};
    kerb::ccache_writer w(client, offset, made);
    take(w.finish(), made);
  }
  void save() const { replace_file(path_, octets_); }

  const kerb::principal_view& client() const { return client_->view; }
  std::int64_t kdc_offset() const { return view_.offset() ? view_.offset()->seconds : 0; }
  const std::list<entry>& entries() const { return entries_; }

  // What kerb::acquire calls

  const credential* find(const kerb::principal_view& client, const kerb::principal_view& server,
                         kerb::kerberos_time now, kerb::ticket_kind kind) const {
    const credential* best = nullptr;
    for (const entry& e : entries_) {
      if (!e.usable || kind_of(e.usable->facts()) != kind || e.usable->local_endtime() <= now) continue;
      if (!same_principal(e.message.client, client) || !same_principal(e.message.server, server)) continue;
      if (best == nullptr || best->endtime() < e.usable->endtime()) best = &*e.usable;
    }
    return best;
  }
  /// Stores a ticket, in memory: save() writes the file. It replaces the one for the same server. Tickets that a file
  /// cannot tell from plain ones are not stored.
  kerb::result<bool> store_copy(const credential& c, policy&, kerb::kerberos_time) {
    const kerb::ticket_kind kind = kind_of(c.facts());
    if (kind != kerb::ticket_kind::asked_for && kind != kerb::ticket_kind::renamed) return false;
    if (!client_ || !same_principal(c.client(), client())) begin(c.client(), c.kdc_clock_offset());
    octet_list made(octets_.size() + c.ticket().size() + 8192);
    kerb::ccache_writer w(view_, made);
    for (const kerb::cache_entry old : view_) {
      const named server(old.server);
      if (old.is_config() || !same_principal(server.view, c.server())) w.add(old);
    }
    w.add(kerb::to_cached_credential(c, crypto_));
    take(w.finish(), made);
    return true;
  }

 private:
  void take(const kerb::result<kerb::bytes_view>& written, octet_list& made) {
    if (!written)
      throw failure(std::string("the cache cannot be written: ") +
                    log_line(written.error(), kerb::party::client).c_str());
    made.resize(written->size());
    octets_ = std::move(made);
    parse();
  }
  void parse() {
    const auto v = kerb::ccache_view::open(octets_);
    if (!v) throw failure(path_ + ": " + log_line(v.error(), kerb::party::client).c_str());
    view_ = *v;
    entries_.clear();
    client_.emplace(view_.client());
    for (const kerb::cache_entry file : view_) {
      if (file.is_removed() || file.is_config()) continue;
      entry& e = entries_.emplace_back(file);
      if (auto c = kerb::to_credential(e.message, crypto_, view_.offset())) e.usable.emplace(*std::move(c));
    }
  }

  std::string path_;
  policy& crypto_;
  octet_list octets_;
  kerb::ccache_view view_;
  std::optional<named> client_;
  std::list<entry> entries_;
};

}  // namespace example
