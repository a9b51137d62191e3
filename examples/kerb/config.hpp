// krb5.conf and DNS: the default realm, the realm of a host, and where the KDCs of a realm are.
#pragma once
#include <netinet/in.h>
#include <resolv.h>
#include <sys/random.h>

#include <filesystem>
#include <kerb/exchange/realm_path.hpp>
#include <kerb/format/dns.hpp>
#include <kerb/format/krb5_conf.hpp>
#include <list>

#include "files.hpp"

namespace example {

class config {
 public:
  /// Reads the files that KRB5_CONFIG names, or /etc/krb5.conf. Files that do not exist are left out.
  config() {
    const char* const named = std::getenv("KRB5_CONFIG");
    std::string all = named != nullptr && *named != '\0' ? named : "/etc/krb5.conf";
    for (std::size_t from = 0; from <= all.size();) {
      const std::size_t to = std::min(all.find(':', from), all.size());
      const std::string path = all.substr(from, to - from);
      from = to + 1;
      if (!path.empty()) read(path);
    }
  }
  kerb::krb5_conf_view view() const { return conf_.view(); }

  std::string default_realm() const {
    std::array<char, 256> text;
    const auto r = kerb::default_realm(conf_);
    const auto value = r ? r->text(text) : kerb::result<std::string_view>(kerb::errc::no_space);
    return value ? std::string(*value) : std::string();
  }
  std::string realm_of_host(const std::string& host) const {
    std::array<char, 256> text;
    const auto r = kerb::realm_of_host(conf_, host);
    const auto value = r ? r->text(text) : kerb::result<std::string_view>(kerb::errc::no_space);
    return value ? std::string(*value) : std::string();
  }
  /// The realms on the way to others, by [capaths].
  kerb::view_of<kerb::realm_path> paths() {
    const auto p = kerb::realm_paths(view(), std::span(paths_));
    return p ? *p : kerb::view_of<kerb::realm_path>();
  }
  std::optional<std::int64_t> duration(std::string_view name) const {
    const auto v = conf_.view().value({"libdefaults", name});
    return v ? kerb::conf_duration(v->raw()) : std::nullopt;
  }
  bool boolean(std::string_view name, bool otherwise) const {
    const auto v = conf_.view().value({"libdefaults", name});
    return v ? kerb::conf_boolean(v->raw()).value_or(otherwise) : otherwise;
  }
  /// The servers of a realm, from krb5.conf or else from DNS. Their texts live as long as this object.
  kerb::server_list<> servers(const std::string& realm, kerb::server_t which) {
    kerb::server_list<> found;
    (void)kerb::append_servers(view(), realm, which, found);
    if (which == kerb::server_t::kdc) (void)kerb::append_servers(view(), realm, kerb::server_t::primary_kdc, found);
    if (!found.empty() || !boolean("dns_lookup_kdc", true)) return found;
    for (const kerb::dns_question& q : kerb::dns_questions(which)) {
      std::array<char, 256> name;
      const auto text = kerb::dns_name(q, realm, name);
      if (!text) continue;
      octet_list reply(65536);
      const int n = ::res_query(std::string(*text).c_str(), ns_c_in, static_cast<int>(q.type), reply.data(),
                                static_cast<int>(reply.size()));
      if (n <= 0 || static_cast<std::size_t>(n) > reply.size()) continue;
      kerb::dns_records<> records;
      std::uint64_t random = 0;
      if (::getrandom(&random, sizeof random, 0) != sizeof random) continue;
      auto& kept = dns_texts_.emplace_back(4096);
      const kerb::bytes_view octets(reply.data(), static_cast<std::size_t>(n));
      if (kerb::read_dns_reply(octets, q.type, std::span<char>(kept), records).ok())
        (void)kerb::append_servers(records, q, random, found);
      if (q.type == kerb::dns_type_t::uri && !found.empty()) break;
    }
    return found;
  }

 private:
  void read(const std::string& path) {
    const kerb::text_view* const text = load(path);
    if (text == nullptr) return;
    auto r = conf_.add(*text);
    while (r && r->what != kerb::conf_request::kind::nothing) {
      const std::string wanted(r->path);
      std::vector<kerb::text_view> texts;
      if (r->what == kerb::conf_request::kind::directory) {
        std::vector<std::string> names;
        std::error_code ignored;
        for (const auto& f : std::filesystem::directory_iterator(wanted, ignored))
          if (kerb::is_included_name(f.path().filename().string())) names.push_back(f.path().string());
        std::sort(names.begin(), names.end());
        for (const std::string& n : names)
          if (const auto* t = load(n)) texts.push_back(*t);
      } else if (const auto* t = load(wanted)) {
        texts.push_back(*t);
      }
      r = conf_.provide(kerb::view_of<kerb::text_view>(texts));
    }
    if (!r) throw failure(path + " has a mistake in line " + std::to_string(r.error().detail) + ". Correct it");
  }
  const kerb::text_view* load(const std::string& path) {
    const auto octets = read_file(path, file_kind::any);
    if (!octets) return nullptr;
    const std::string& kept = texts_.emplace_back(octets->begin(), octets->end());
    return &views_.emplace_back(kept);
  }

  std::list<std::string> texts_;
  std::list<kerb::text_view> views_;
  std::list<std::vector<char>> dns_texts_;
  kerb::krb5_conf<> conf_;
  std::array<kerb::realm_path, 64> paths_{};
};

}  // namespace example
