# From a checkout: vcpkg install kerb --overlay-ports=tests/consume/vcpkg
# In vcpkg's registry, vcpkg_from_github() sets SOURCE_PATH instead of the next line.
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../.." REALPATH)

set(VCPKG_BUILD_TYPE release)  # there is nothing to build
file(INSTALL "${SOURCE_PATH}/include/kerb" DESTINATION "${CURRENT_PACKAGES_DIR}/include"
  FILES_MATCHING PATTERN "*.hpp")

set(INCLUDEDIR include)
foreach(name kerbConfig.cmake kerbConfigVersion.cmake)
  configure_file("${SOURCE_PATH}/include/cmake/${name}.in" "${CURRENT_PACKAGES_DIR}/share/kerb/${name}" @ONLY)
endforeach()
file(INSTALL "${SOURCE_PATH}/include/cmake/kerbTargets.cmake" "${CMAKE_CURRENT_LIST_DIR}/usage"
  DESTINATION "${CURRENT_PACKAGES_DIR}/share/kerb")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
