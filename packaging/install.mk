# SPDX-License-Identifier: GPL-2.0-or-later
#
# make install DESTDIR=...: everything where the FHS wants it, and make
# uninstall: the same list, removed. A configuration that is there is kept.

INSTALL ?= install
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/pagewarden
DATADIR ?= $(PREFIX)/share/pagewarden

units := $(wildcard packaging/systemd/*.service packaging/systemd/*.socket packaging/systemd/*.timer)
sysusers := $(wildcard packaging/systemd/*.sysusers)
udev_rules := $(wildcard packaging/udev/*.rules)
tmpfiles := $(wildcard packaging/systemd/*.tmpfiles)
man_pages := $(wildcard packaging/man/*.[1-8])
documents := $(wildcard README.md LICENSE docs/*.md)
schemas := $(wildcard docs/schema/*)
# Rules and dashboards, for those who scrape /metrics.
monitoring := $(wildcard packaging/prometheus/* packaging/grafana/*)
configuration := $(wildcard packaging/pagewarden.conf)

libraries := libpagewarden.so libpagewarden.so.0 libpagewarden.a
python_module := $(wildcard user/lib/python/pagewarden/*.py)

# page.1 -> man1/page.1
man_targets := $(foreach m,$(man_pages),$(MANDIR)/man$(lastword $(subst ., ,$(m)))/$(notdir $(m)))

installed := $(BINDIR)/pagewarden $(man_targets) $(BASHCOMPDIR)/pagewarden \
	     $(units:packaging/systemd/%=$(UNITDIR)/%) \
	     $(sysusers:packaging/systemd/%.sysusers=$(PREFIX)/lib/sysusers.d/%.conf) \
	     $(tmpfiles:packaging/systemd/%.tmpfiles=$(PREFIX)/lib/tmpfiles.d/%.conf) \
	     $(udev_rules:packaging/udev/%=$(PREFIX)/lib/udev/rules.d/%) \
	     $(DOCDIR)/examples/modules-load.d/pagewarden.conf \
	     $(INCLUDEDIR)/pagewarden.h $(addprefix $(LIBDIR)/,$(libraries) pkgconfig/pagewarden.pc) \
	     $(python_module:user/lib/python/%=$(PYTHONDIR)/%) \
	     $(addprefix $(DOCDIR)/,$(notdir $(documents))) \
	     $(addprefix $(DOCDIR)/schema/,$(notdir $(schemas))) \
	     $(monitoring:packaging/%=$(DATADIR)/%)

.PHONY: install uninstall
install: all
	$(INSTALL) -D -m 755 $(BUILD)/pagewarden $(DESTDIR)$(BINDIR)/pagewarden
	$(foreach m,$(man_pages),$(INSTALL) -D -m 644 -t $(DESTDIR)$(MANDIR)/man$(lastword $(subst ., ,$(m))) $(m) &&) true
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(INCLUDEDIR) user/lib/pagewarden.h
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(LIBDIR) $(lib_so).0 $(lib_a)
	ln -sf libpagewarden.so.0 $(DESTDIR)$(LIBDIR)/libpagewarden.so
	$(INSTALL) -d -m 755 $(DESTDIR)$(LIBDIR)/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
		packaging/pagewarden.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/pagewarden.pc
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/pagewarden.pc
	$(foreach f,$(python_module),$(INSTALL) -D -m 644 $(f) $(DESTDIR)$(PYTHONDIR)/$(f:user/lib/python/%=%) &&) true
	$(INSTALL) -D -m 644 packaging/completions/pagewarden.bash $(DESTDIR)$(BASHCOMPDIR)/pagewarden
	$(if $(units),$(INSTALL) -D -m 644 -t $(DESTDIR)$(UNITDIR) $(units))
	$(foreach f,$(sysusers),$(INSTALL) -D -m 644 $(f) $(DESTDIR)$(PREFIX)/lib/sysusers.d/$(basename $(notdir $(f))).conf &&) true
	$(foreach f,$(tmpfiles),$(INSTALL) -D -m 644 $(f) $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/$(basename $(notdir $(f))).conf &&) true
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/udev/rules.d $(udev_rules)
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(DOCDIR)/examples/modules-load.d packaging/modules-load/pagewarden.conf
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(DOCDIR) $(documents)
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(DOCDIR)/schema $(schemas)
	$(foreach f,$(monitoring),$(INSTALL) -D -m 644 $(f) $(DESTDIR)$(f:packaging/%=$(DATADIR)/%) &&) true
	$(if $(configuration),test -e $(DESTDIR)$(SYSCONFDIR)/pagewarden/pagewarden.conf || \
		$(INSTALL) -D -m 644 $(configuration) $(DESTDIR)$(SYSCONFDIR)/pagewarden/pagewarden.conf)

# The configuration, the history and the group stay.
uninstall:
	rm -f $(addprefix $(DESTDIR),$(installed))
	-rmdir $(DESTDIR)$(DOCDIR)/examples/modules-load.d $(DESTDIR)$(DOCDIR)/examples $(DESTDIR)$(DOCDIR)/schema $(DESTDIR)$(DOCDIR) 2>/dev/null
	-rmdir $(DESTDIR)$(DATADIR)/prometheus $(DESTDIR)$(DATADIR)/grafana $(DESTDIR)$(DATADIR) 2>/dev/null
