"""pandas and streaming_bulk, done carefully: missing values are null. `python pandas_streaming.py FILE INDEX`, with ELASTICSEARCH_NODE."""

import os
import sys

import pandas
from elasticsearch import Elasticsearch
from elasticsearch.helpers import streaming_bulk

file, index = sys.argv[1:]
client = Elasticsearch(os.environ["ELASTICSEARCH_NODE"], request_timeout=120)


def actions():
    for frame in pandas.read_csv(file, chunksize=20_000):
        frame = frame.astype(object).where(frame.notna(), None)
        for document in frame.to_dict("records"):
            yield {"_index": index, "_source": document}


for _ in streaming_bulk(client, actions(), chunk_size=2_000):
    pass
