"""What the original's library does with a file, step by step, for machines that can't get the library itself."""

import os
import sys

import pandas
from elasticsearch import Elasticsearch
from elasticsearch.helpers import streaming_bulk

file, index = sys.argv[1:]
client = Elasticsearch(os.environ["ELASTICSEARCH_NODE"])
frame = pandas.read_csv(file)
frame.columns = [name.strip().upper() for name in frame.columns]
frame = frame.applymap(lambda value: None if value != value else value)  # of no use in a column of numbers
actions = [{"_index": index, "_source": document} for document in frame.to_dict(orient="index").values()]
for _ in streaming_bulk(client, actions, raise_on_error=False):
    pass
