// Messages in several buffers against MIT's library: each side opens what the other seals, whatever the layout.
#include <krb5.h>
#include <kerb/crypto/botan.hpp>
#include <kerb/crypto/rfc6803.hpp>

#include <random>
#include <vector>

#include "support/catch.hpp"

namespace {
using kerb::errc;
using kerb::etype_t;
using kerb::key_usage_t;
using kerb::seal_piece;
using octets = std::vector<std::uint8_t>;
using policy = kerb::engine<kerb::botan::primitives, kerb::aes_sha2, kerb::aes_sha1, kerb::camellia>;

/// The same buffers as MIT's library and as kerb describe them: a confounder, and others of both kinds around it.
struct layout {
  std::vector<octets> buffers;
  octets tag;
  std::vector<krb5_crypto_iov> theirs;
  std::vector<seal_piece> ours;

  layout(std::mt19937& random, std::size_t tag_octets) : buffers(1 + random() % 14), tag(tag_octets) {
    const std::size_t header = random() % 3 % buffers.size();
    for (std::size_t i = 0; i != buffers.size(); ++i) {
      octets& b = buffers[i];
      b.resize(i == header ? 16 : random() % (random() % 4 == 0 ? 3000 : 40));
      for (std::uint8_t& o : b) o = static_cast<std::uint8_t>(random());
      const bool sign_only = i < header || (i != header && random() % 2 == 0);
      add(i == header ? KRB5_CRYPTO_TYPE_HEADER : sign_only ? KRB5_CRYPTO_TYPE_SIGN_ONLY : KRB5_CRYPTO_TYPE_DATA, b);
      ours.push_back(sign_only ? seal_piece::sign_only(b) : seal_piece(b));
    }
    add(KRB5_CRYPTO_TYPE_TRAILER, tag);
  }
  layout(const layout&) = delete;
  void add(krb5_cryptotype type, octets& b) {
    krb5_crypto_iov iov{};
    iov.flags = type;
    iov.data.length = static_cast<unsigned>(b.size());
    iov.data.data = reinterpret_cast<char*>(b.data());
    theirs.push_back(iov);
  }
};

TEST_CASE("seal_pieces: MIT's krb5_c_decrypt_iov opens what we seal, and we what its krb5_c_encrypt_iov seals",
          "[pieces]") {
  policy p;
  krb5_context context = nullptr;
  REQUIRE(krb5_init_context(&context) == 0);
  std::mt19937 random(4121);
  std::size_t different = 0;
  for (const etype_t e : p.offered())
    for (int round = 0; round != 200; ++round) {
      octets key(p.key_octets(e));
      for (std::uint8_t& o : key) o = static_cast<std::uint8_t>(random());
      const auto k = p.import(e, key);
      REQUIRE(k);
      krb5_keyblock block{};
      block.enctype = static_cast<krb5_enctype>(e);
      block.length = static_cast<unsigned>(key.size());
      block.contents = key.data();
      const auto usage = static_cast<krb5_keyusage>(22 + random() % 4);

      layout sent(random, p.shape(e)->back);
      std::vector<octets> plain = sent.buffers;
      REQUIRE(krb5_c_encrypt_iov(context, &block, usage, nullptr, sent.theirs.data(), sent.theirs.size()) == 0);
      different += p.unseal_pieces(*k, key_usage_t{usage}, sent.ours, sent.tag) != errc::ok;
      for (std::size_t i = 0; i != plain.size(); ++i)  // MIT's library has drawn the confounder
        different += sent.theirs[i].flags != KRB5_CRYPTO_TYPE_HEADER && sent.buffers[i] != plain[i];

      plain = sent.buffers;
      REQUIRE(p.seal_pieces(*k, key_usage_t{usage}, sent.ours, sent.tag) == errc::ok);
      different += krb5_c_decrypt_iov(context, &block, usage, nullptr, sent.theirs.data(), sent.theirs.size()) != 0;
      different += sent.buffers != plain;
    }
  krb5_free_context(context);
  CHECK(different == 0);
}

}  // namespace
