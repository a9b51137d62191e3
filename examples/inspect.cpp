// Shows Kerberos messages field by field, and opens what is sealed if it has the keys.
#include "inspect/options.hpp"

namespace {

using namespace inspect;

/// Adds the keys that the command line names. Returns false if one is not available.
bool gather_keys(const options& o, keyring& keys) {
  for (const std::string& file : o.keytabs) {
    const auto octets = read_octets(file);
    if (!octets) return std::cerr << "inspect: " << file << " cannot be read\n", false;
    const auto keytab = kerb::keytab_view::open(*octets);
    if (!keytab) return std::cerr << "inspect: " << file << ": " << fault_text(keytab.error()) << '\n', false;
    for (const kerb::keytab_entry e : *keytab)
      keys.add(e.etype, e.key.unguarded(), "the key of " + text_of(e.principal) + ", version " + std::to_string(e.kvno),
               text_of(e.principal));
  }
  for (const auto& [etype, key] : o.keys)
    if (!keys.add(etype, key, "the key given") &&
        keys.find(etype, key) == item::no_key)  // the same key twice is no error
      return std::cerr << "inspect: --key " << static_cast<int>(etype) << ":... is no key that can be used here\n",
             false;
  for (const std::string& file : o.messages) {
    const auto octets = read_octets(file);
    if (!octets) return std::cerr << "inspect: " << file << " cannot be read\n", false;
    keys.add_message(file, *octets);
  }
  keys.passwords = o.passwords;
  for (const std::string& salt : o.salts)
    for (const kerb::etype_t e : keys.etypes()) keys.add_salted({e, salt, 0});
  return true;
}

/// What all files have; nothing if one cannot be read.
std::optional<std::vector<source>> gather(const options& o) {
  std::vector<source> out;
  for (const std::string& file : o.files) {
    auto raw = read_octets(file);
    if (!raw) return std::cerr << "inspect: " << file << " cannot be read\n", std::nullopt;
    for (source& s : sources_of(*std::move(raw))) {
      if (o.files.size() > 1) s.where += (s.where.empty() ? "" : " of ") + file;
      out.push_back(std::move(s));
    }
  }
  return out;
}
std::vector<document> dissect_all(const std::vector<source>& in, const options& o, keyring& keys, bool secrets) {
  std::vector<document> out;
  for (const source& s : in)
    for (document& d : dissect(s.data, o, keys, secrets)) {
      if (!s.where.empty()) d.where += (d.where.empty() ? "" : ", ") + s.where;
      out.push_back(std::move(d));
    }
  return out;
}

/// Dissects everything again until no further key is found: a ticket's session key may be in a later message.
void learn_keys(const std::vector<source>& in, const options& o, keyring& keys) {
  if (keys.empty()) return;
  keys.given = keys.size();
  learner l(keys);
  for (int round = 0; round != 6; ++round) {
    const std::size_t before = keys.size();
    for (const document& d : dissect_all(in, o, keys, true)) l.learn(d);
    if (keys.size() == before) return;
  }
}

int run(const options& o) {
  const auto in = gather(o);
  keyring keys;
  if (!in || !gather_keys(o, keys)) return 2;
  learn_keys(*in, o, keys);

  const auto documents = dissect_all(*in, o, keys, o.secrets);
  if (keys.too_many_salts) std::cerr << "inspect: too many salts: the password was not tried with all of them\n";
  if (documents.empty()) std::cerr << "inspect: no Kerberos message in " << o.files[0] << '\n';
  bool good = !documents.empty();
  text_printer text(o.how);
  json_printer json;
  for (const document& d : documents) {
    if (o.json) json.print(d);
    else text.print(d);
    good = good && d.fault.ok();
  }
  std::cout.flush();
  return good && std::cout ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  int status = 0;
  const auto o = inspect::read_options(argc, argv, status);
  return o ? run(*o) : status;
} catch (const std::exception& e) {
  std::cerr << "inspect: " << e.what() << '\n';
  return 2;
}
