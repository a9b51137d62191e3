// --help, for examples whose command line is short.
#pragma once
#include <cstdio>
#include <cstring>

namespace example {

/// Prints `usage` and returns true if the first argument is --help.
inline bool asked_for_help(int argc, char** argv, const char* usage) {
  if (argc < 2 || (std::strcmp(argv[1], "--help") != 0 && std::strcmp(argv[1], "-h") != 0)) return false;
  std::fputs(usage, stdout);
  return true;
}

}  // namespace example
