# The targets of kerb, for an installed copy and for add_subdirectory. Before: KERB_INCLUDE is the directory of the headers.
#
#   kerb::kerb     the headers, without cryptography
#   kerb::botan    with Botan 3 or 2.19; only where there is one
#   kerb::openssl  with OpenSSL 3; only where there is one
if(NOT TARGET kerb::kerb)
  add_library(kerb::kerb INTERFACE IMPORTED GLOBAL)
  target_include_directories(kerb::kerb INTERFACE "${KERB_INCLUDE}")
  target_compile_features(kerb::kerb INTERFACE cxx_std_20)
endif()

# With lazy binding, the loader leaves octets of keys on the stack: SECURITY.md.
function(kerb_backend name)
  add_library(kerb::${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(kerb::${name} INTERFACE kerb::kerb ${ARGN})
  target_link_options(kerb::${name} INTERFACE "$<$<PLATFORM_ID:Linux>:LINKER:-z,now>")
endfunction()

# A target of Botan that the program has already, or else the newest version that is installed.
if(NOT TARGET kerb::botan)
  if(TARGET Botan::Botan)
    kerb_backend(botan Botan::Botan)
  else()
    foreach(major 3 2)
      find_path(KERB_BOTAN_${major}_INCLUDE botan/ffi.h PATH_SUFFIXES botan-${major} NO_CACHE)
      find_library(KERB_BOTAN_${major}_LIBRARY NAMES botan-${major} NO_CACHE)
      if(KERB_BOTAN_${major}_INCLUDE AND KERB_BOTAN_${major}_LIBRARY AND NOT TARGET kerb::botan)
        kerb_backend(botan "${KERB_BOTAN_${major}_LIBRARY}")
        target_include_directories(kerb::botan SYSTEM INTERFACE "${KERB_BOTAN_${major}_INCLUDE}")
      endif()
    endforeach()
  endif()
endif()

if(NOT TARGET kerb::openssl)
  find_package(OpenSSL 3.0 QUIET COMPONENTS Crypto)
  if(TARGET OpenSSL::Crypto AND OPENSSL_VERSION VERSION_GREATER_EQUAL 3.0)
    kerb_backend(openssl OpenSSL::Crypto)
  endif()
endif()
