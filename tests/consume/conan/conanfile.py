"""kerb as a Conan package. From a checkout: conan create tests/consume/conan

In Conan's own index, conandata.yml and source() replace export_sources().
"""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout

required_conan_version = ">=2.0"


class KerbConan(ConanFile):
    name = "kerb"
    description = "Kerberos 5 protocol core, header-only C++20"
    license = "Apache-2.0"
    topics = ("kerberos", "gssapi", "spnego", "authentication", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_botan": [True, False], "with_openssl": [True, False]}
    default_options = {"with_botan": False, "with_openssl": False}
    no_copy_source = True

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..", "..")

    def set_version(self):
        text = load(self, os.path.join(self._root, "meson.build"))
        self.version = re.search(r"version: '([\d.]+)'", text).group(1)

    def export_sources(self):
        copy(self, "*.hpp", os.path.join(self._root, "include"), os.path.join(self.export_sources_folder, "include"))
        copy(self, "LICENSE", self._root, self.export_sources_folder)

    def layout(self):
        basic_layout(self)

    def requirements(self):
        if self.options.with_botan:
            self.requires("botan/[>=2.19]")
        if self.options.with_openssl:
            self.requires("openssl/[>=3 <4]")

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        # With lazy binding, the loader leaves octets of keys on the stack
        now = ["-Wl,-z,now"] if self.settings.os == "Linux" else []

        def component(name, *requires, flags=()):
            c = self.cpp_info.components[name]
            c.set_property("cmake_target_name", f"kerb::{name}")
            c.bindirs = c.libdirs = []
            c.requires = list(requires)
            c.exelinkflags = c.sharedlinkflags = list(flags)

        component("kerb")
        self.cpp_info.components["kerb"].set_property("pkg_config_name", "kerb")
        if self.options.with_botan:
            component("botan", "kerb", "botan::botan", flags=now)
        if self.options.with_openssl:
            component("openssl", "kerb", "openssl::crypto", flags=now)
