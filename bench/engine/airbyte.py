# Reads the source with Airbyte's connector kit: `python airbyte.py <manifest> <url> <page>`; prints one JSON line.
import json
import logging
import sys
import time

import yaml
from airbyte_cdk.models import (
    AirbyteStream, ConfiguredAirbyteCatalog, ConfiguredAirbyteStream, DestinationSyncMode, SyncMode, Type,
)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

manifest, url, page = sys.argv[1:4]
text = open(manifest).read().replace('{url}', url).replace("'PAGE'", page)
stream = AirbyteStream(name='contacts', json_schema={}, supported_sync_modes=[SyncMode.full_refresh])
catalog = ConfiguredAirbyteCatalog(streams=[ConfiguredAirbyteStream(
    stream=stream, sync_mode=SyncMode.full_refresh, destination_sync_mode=DestinationSyncMode.append)])
source = ConcurrentDeclarativeSource(catalog=catalog, config={}, state=[], source_config=yaml.safe_load(text))

log = logging.getLogger('bench')
log.setLevel(logging.ERROR)
began = time.monotonic()
records = sum(1 for message in source.read(log, {}, catalog, []) if message.type == Type.RECORD)
print(json.dumps({'records': records, 'tookMs': (time.monotonic() - began) * 1000, 'peakBytes': 0}))
