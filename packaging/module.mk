# SPDX-License-Identifier: GPL-2.0-or-later
#
# make module           the optional kernel module, for the running kernel's headers or KDIR=
# make module-install   into /lib/modules of that kernel
# make install-dkms     its sources, so that DKMS builds it for every kernel that comes
#
# Nothing of this belongs to `make all`: who does without the module needs no headers.

KDIR ?= /lib/modules/$(shell uname -r)/build
module_dir := $(BUILD)/module/user
DKMS_SOURCE ?= /usr/src/pagewarden-$(VERSION)

.PHONY: module module-install module-clean install-dkms uninstall-dkms
module:
	@sh packaging/module-build.sh $(KDIR) $(module_dir) modules
	@echo "  MODULE  $(module_dir)/pagewarden.ko"

# Debian's headers ask to sign but come with no key; docs/module.md tells how to sign.
module-install: module
	@sh packaging/module-build.sh $(KDIR) $(module_dir) INSTALL_MOD_PATH=$(DESTDIR) CONFIG_MODULE_SIG_ALL= modules_install

module-clean:
	rm -rf $(module_dir)

install-dkms:
	sh packaging/module-sources.sh $(DESTDIR)$(DKMS_SOURCE)
	sed 's|@VERSION@|$(VERSION)|' packaging/dkms/dkms.conf.in > $(DESTDIR)$(DKMS_SOURCE)/dkms.conf
	chmod 644 $(DESTDIR)$(DKMS_SOURCE)/dkms.conf
	@echo "now: dkms install pagewarden/$(VERSION)"

uninstall-dkms:
	rm -rf $(DESTDIR)$(DKMS_SOURCE)
