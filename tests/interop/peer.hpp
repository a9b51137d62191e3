// A program with another library in it as the other side of an exchange: lines go to it, and lines come back.
#pragma once
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <kerb/core/bytes.hpp>
#include <map>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace interop {

using octets = std::vector<std::uint8_t>;

inline std::string hex(kerb::bytes_view v) {
  std::string s;
  for (const std::uint8_t b : v) {
    s += "0123456789abcdef"[b >> 4];
    s += "0123456789abcdef"[b & 15];
  }
  return s;
}
inline octets unhex(const std::string& s) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  octets v;
  for (std::size_t i = 0; i + 1 < s.size(); i += 2)
    v.push_back(static_cast<std::uint8_t>(16 * digit(s[i]) + digit(s[i + 1])));
  return v;
}
inline octets of(const std::string& s) { return {s.begin(), s.end()}; }

/// A run of such a program. A line is `WORD REST`.
class peer_process {
 public:
  peer_process(std::string program, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), std::move(program));
    std::vector<char*> words;
    for (std::string& a : arguments) words.push_back(a.data());
    words.push_back(nullptr);
    int in[2], out[2];
    REQUIRE((pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0));
    child_ = fork();
    if (child_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      execv(words[0], words.data());
      _exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    to_ = fdopen(in[1], "w");
    from_ = fdopen(out[0], "r");
  }
  peer_process(const peer_process&) = delete;
  peer_process& operator=(const peer_process&) = delete;
  ~peer_process() {
    std::fclose(to_);
    std::fclose(from_);
    waitpid(child_, nullptr, 0);
  }
  void tell(const std::string& line) {
    std::fputs((line + "\n").c_str(), to_);
    std::fflush(to_);
  }
  /// The next line; "" when the peer has ended.
  std::string next() {
    std::string line;
    int c;
    while ((c = std::fgetc(from_)) != EOF && c != '\n') line += static_cast<char>(c);
    return line;
  }
  /// Says something and hears one line.
  std::string ask(const std::string& line) {
    tell(line);
    return next();
  }
  /// Reads on until `word` comes and gives what stands behind it; "" when the peer ends first.
  std::string hear(const std::string& word) {
    while (heard_.count(word) == 0) {
      const std::string line = next();
      if (line.empty()) break;
      INFO("the peer: " << line);
      CHECK(line.rfind("failed ", 0) != 0);
      const std::size_t blank = line.find(' ');
      heard_[line.substr(0, blank)] = blank == std::string::npos ? "" : line.substr(blank + 1);
    }
    return heard(word);
  }
  /// What stood behind `word` in what hear() has read so far; "" when it has not come.
  std::string heard(const std::string& word) const {
    const auto at = heard_.find(word);
    return at == heard_.end() ? "" : at->second;
  }

 private:
  pid_t child_;
  FILE *to_, *from_;
  std::map<std::string, std::string> heard_;
};

}  // namespace interop
