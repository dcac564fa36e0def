# Sourced by scripts for a bare GPU machine without a network: install from the bundle in $bundle, once, and set up.
# $SITE (/tmp/spotnb-site) gets what is installed; $PYTHON (python3) has to have torch.
export SITE=${SITE:-/tmp/spotnb-site}
PYTHON=${PYTHON:-python3}
if [ ! -e "$SITE/installed" ]; then
    mkdir -p "$SITE/bin" "$SITE/root"
    tar -xf "$bundle/wheels.tar.xz" -C "$SITE"
    "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade --target "$SITE/python" "$SITE"/wheels/*.whl
    for deb in "$bundle"/debs/*.deb; do dpkg -x "$deb" "$SITE/root"; done
    # The libraries are for fluidsynth alone: torch must not meet them.
    cat >"$SITE/bin/fluidsynth" <<WRAPPER
#!/bin/sh
export LD_LIBRARY_PATH="$SITE/root/usr/lib/x86_64-linux-gnu:$SITE/root/lib/x86_64-linux-gnu:$SITE/root/usr/lib/x86_64-linux-gnu/pulseaudio"
exec "$SITE/root/usr/bin/fluidsynth" "\$@"
WRAPPER
    chmod +x "$SITE/bin/fluidsynth"
    touch "$SITE/installed"
fi
mkdir -p "$SITE/cache/spotnb"
[ ! -d "$bundle/cache" ] || cp -n "$bundle"/cache/* "$SITE/cache/spotnb/"
export PYTHONPATH="$SITE/python:$PWD${PYTHONPATH:+:$PYTHONPATH}" PATH="$SITE/bin:$PATH" XDG_CACHE_HOME="$SITE/cache"
export SOUNDFONT=${SOUNDFONT:-$(find "$SITE/root/usr/share" -name 'FluidR3Mono_GM.sf*' -type f | head -1)}
export OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1 PYTHONUNBUFFERED=1 MPLBACKEND=Agg
"$PYTHON" -c 'import diffusers, librosa, mido, pyloudnorm, soundfile, spotnb.models.vocoder, torch; print("torch", torch.__version__, "cuda", torch.cuda.is_available())'
